// The pages about the attack surface, in a file of their own that the browser fetches when one of them is opened.
export { SurfacePage, ThingPage } from './page';
