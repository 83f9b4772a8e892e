/** Made by vite.config.ts: an SVG path for each country, or "x,y" where it is a dot. */
declare module 'virtual:world' {
	const paths: Record<string, string>;
	export default paths;
}
