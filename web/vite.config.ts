import { defineConfig } from 'vite';

// The bundle is served by the C server under a strict Content-Security-Policy: nothing may be inlined, neither
// scripts nor images as data: URLs, and every name but index.html carries its content's hash.
export default defineConfig({
	base: './',
	build: {
		target: 'es2022',
		assetsInlineLimit: 0,
		cssCodeSplit: false,
		modulePreload: false,
		sourcemap: false,
		reportCompressedSize: true,
	},
});
