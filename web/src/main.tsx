import { render } from 'preact';
import { App } from './app';
import { startRouter } from './router';
import { loadSession } from './session';
import './styles/base.css';
import './styles/frame.css';
import './styles/table.css';
import './styles/pages.css';
import './styles/print.css';

startRouter();
// A one-time code in the address opens its own session; asking for an old one first would only delay it.
if (!location.hash.startsWith('#/signin/')) void loadSession();
render(<App />, document.getElementById('app') as HTMLElement);
