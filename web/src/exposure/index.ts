// The pages about exposure, in a file of their own that the browser fetches when one of them is opened.
export { ExposurePage } from './page';
export { RecordPage } from './record';
