// The frame of every page: navigation, the page itself, keys, messages.
import type { VNode } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { exact, foreignZone, zoneText } from './format';
import { setLang, t, tOr, useLang, type Key } from './i18n';
import { PAGES, startKeys } from './keys';
import { fetchLater, Later, LaterExposure, LaterSurface } from './later';
import { forgetAll } from './live';
import { href, useRoute, type Route } from './router';
import { useSession } from './session';
import { AuditPage } from './pages/audit';
import { EnrolPage } from './pages/enrol';
import { FeedsPage } from './pages/feeds';
import { HistoryPage } from './pages/history';
import { HostPage } from './pages/host';
import { HostsPage } from './pages/hosts';
import { OverviewPage } from './pages/overview';
import { PatchPage } from './pages/patch';
import { PatchesPage } from './pages/patches';
import { SettingsPage } from './pages/settings';
import { SignInPage } from './pages/signin';
import { VulnerabilitiesPage } from './pages/vulnerabilities';
import { VulnerabilityPage } from './pages/vulnerability';
import { Empty, Skeleton } from './ui/bits';
import { Guarded } from './ui/broken';
import { Dialog, MessageBar } from './ui/dialog';

interface Page {
	name: string;
	title: Key;
	list: () => VNode;
	/** The page of one thing: #/NAME/ID. */
	one?: (id: string) => VNode;
	/** Reached from other pages only. */
	unlisted?: true;
}

const PAGE_TABLE: Page[] = [
	{ name: '', title: 'nav.overview', list: () => <OverviewPage /> },
	{ name: 'hosts', title: 'nav.hosts', list: () => <HostsPage />, one: (id) => <HostPage key={id} id={id} /> },
	{ name: 'patches', title: 'nav.patches', list: () => <PatchesPage />, one: (id) => <PatchPage key={id} id={id} /> },
	{ name: 'history', title: 'nav.history', list: () => <HistoryPage /> },
	{ name: 'calendar', title: 'nav.calendar', list: () => <Later page={({ CalendarPage }) => <CalendarPage />} /> },
	{ name: 'policies', title: 'nav.policies', list: () => <Later page={({ PoliciesPage }) => <PoliciesPage />} />, one: (id) => <Later page={({ PolicyPage }) => <PolicyPage key={id} id={id} />} /> },
	{ name: 'groups', title: 'nav.groups', list: () => <Later page={({ GroupsPage }) => <GroupsPage />} />, one: (id) => <Later page={({ GroupPage }) => <GroupPage key={id} id={id} />} /> },
	{ name: 'decisions', title: 'nav.decisions', list: () => <Later page={({ DecisionsPage }) => <DecisionsPage />} /> },
	{
		name: 'vulnerabilities',
		title: 'nav.vulnerabilities',
		list: () => <VulnerabilitiesPage />,
		one: (id) => <VulnerabilityPage key={id} id={id} />,
	},
	{ name: 'relays', title: 'nav.relays', list: () => <Later page={({ RelaysPage }) => <RelaysPage />} />, one: (id) => <Later page={({ RelayPage }) => <RelayPage key={id} id={id} />} /> },
	{ name: 'exposure', title: 'nav.exposure', list: () => <LaterExposure page={({ ExposurePage }) => <ExposurePage />} />, one: (id) => <LaterExposure page={({ RecordPage }) => <RecordPage key={id} id={id} />} /> },
	{ name: 'surface', title: 'nav.surface', list: () => <LaterSurface page={({ SurfacePage }) => <SurfacePage />} />, one: (id) => <LaterSurface page={({ ThingPage }) => <ThingPage key={id} id={id} />} /> },
	{ name: 'feeds', title: 'nav.feeds', list: () => <FeedsPage /> },
	{ name: 'enrol', title: 'nav.enrol', list: () => <EnrolPage /> },
	{ name: 'audit', title: 'nav.audit', list: () => <AuditPage /> },
	{ name: 'settings', title: 'nav.settings', list: () => <SettingsPage /> },
	{ name: 'sites', title: 'nav.relays', list: () => <Later page={({ RelaysPage }) => <RelaysPage />} />, one: (id) => <Later page={({ SitePage }) => <SitePage key={id} id={id} />} />, unlisted: true },
	{ name: 'assistant', title: 'assistant.title', list: () => <Later page={({ AssistantPage }) => <AssistantPage />} />, unlisted: true },
];

const SECOND_PART = 13; // from here on the pages that are opened seldom

function pageOf({ path }: Route): { page: Page | undefined; content: VNode } {
	const page = PAGE_TABLE.find(({ name }) => name === (path[0] ?? ''));
	const id = path[1];
	if (page && path.length < 2) return { page, content: page.list() };
	if (page?.one && path.length === 2 && id) return { page, content: page.one(id) };
	return {
		page: undefined,
		content: (
			<Empty title={t('no-page')}>
				<a href={href([])}>{t('nav.overview')}</a>
			</Empty>
		),
	};
}

export function App() {
	const language = useLang();
	const state = useSession();
	const route = useRoute();
	const [help, setHelp] = useState(false);
	const [menu, setMenu] = useState(false);
	const main = useRef<HTMLElement>(null);
	const drawn = useRef(route.page);
	const { page, content } = pageOf(route);
	useEffect(() => startKeys(() => setHelp((on) => !on)), []);
	useEffect(fetchLater, []);
	useEffect(() => {
		document.title = `${page ? t(page.title) : t('no-page')} · mamori`;
	}, [page, language]);
	useEffect(() => {
		if (drawn.current === route.page) return;
		drawn.current = route.page;
		setMenu(false);
		// A reader of the screen hears where the link led.
		main.current?.querySelector('h1')?.focus({ preventScroll: true });
	}, [route.page]);
	useEffect(() => {
		if (state.status === 'out') forgetAll();
	}, [state.status]);

	const code = route.path[0] === 'signin' ? route.path[1] : undefined;
	if (code || state.status === 'out' || state.status === 'offline')
		return <SignInPage code={code} offline={state.status === 'offline'} />;
	return (
		<div class={menu ? 'frame menu-open' : 'frame'}>
			<a
				class="skip"
				href="#main"
				onClick={(event) => {
					event.preventDefault();
					main.current?.focus();
				}}
			>
				{t('skip')}
			</a>
			<Side page={page} menu={menu} onMenu={() => setMenu(!menu)} onHelp={() => setHelp(true)} />
			<main id="main" ref={main} tabIndex={-1} key={`${route.path[0] ?? ''} ${route.path[1] ?? ''}`}>
				<p class="print-head">
					mamori · {t('printed')} {exact(new Date().toISOString())}
				</p>
				{state.status === 'loading' ? <Skeleton lines={10} /> : <Guarded>{content}</Guarded>}
			</main>
			<MessageBar />
			{help && <KeyHelp onClose={() => setHelp(false)} />}
		</div>
	);
}

function Side({ page, menu, onMenu, onHelp }: { page: Page | undefined; menu: boolean; onMenu: () => void; onHelp: () => void }) {
	const language = useLang();
	const state = useSession();
	const other = language === 'ja' ? 'en' : 'ja';
	const foreign = foreignZone();
	const item = ({ name, title }: Page) => (
		<li key={name}>
			<a href={href(name ? [name] : [])} aria-current={page?.name === name || (page?.name === 'sites' && name === 'relays') ? 'page' : undefined}>
				{t(title)}
			</a>
		</li>
	);
	return (
		<header class="side">
			<div class="side-top">
				<a class="brand" href={href([])}>
					<svg viewBox="0 0 16 16" width="18" height="18" aria-hidden="true">
						<path d="M8 1 2 3.200v4.300c0 3.600 2.500 6 6 7.500 3.500-1.500 6-3.900 6-7.500V3.200z" class="shield" />
						<path d="M5 8.200 7.200 10.400 11.200 6" class="shield-check" />
					</svg>
					mamori
				</a>
				<button type="button" class="menu-button" aria-expanded={menu} aria-controls="nav" onClick={onMenu}>
					{t('menu')}
				</button>
			</div>
			<nav id="nav" aria-label={t('menu')}>
				<ul>{PAGE_TABLE.slice(0, SECOND_PART).map(item)}</ul>
				<ul>{PAGE_TABLE.slice(SECOND_PART).filter(({ unlisted }) => !unlisted).map(item)}</ul>
				<div class="side-foot">
					{state.status === 'in' && (
						<p class="quiet">
							{state.session.user}
							<br />
							{tOr('role', state.session.role)}
							{foreign && (
								<>
									<br />
									{t('zone.foreign', { zone: zoneText(foreign) })}
								</>
							)}
						</p>
					)}
					<button type="button" class="bare" lang={other} onClick={() => void setLang(other)}>
						{other === 'ja' ? '日本語' : 'English'}
					</button>
					<button type="button" class="bare" onClick={onHelp} title={t('keys')}>
						{t('keys')} <kbd>?</kbd>
					</button>
				</div>
			</nav>
		</header>
	);
}

function KeyHelp({ onClose }: { onClose: () => void }) {
	const rows: [string, string][] = [
		['/', t('key.search')],
		['j k  ↑ ↓', t('key.rows')],
		['Enter', t('key.open')],
		['x', t('key.select')],
		['e', t('key.expand')],
		...PAGES.map(([key, , name]): [string, string] => [`g ${key}`, t(`nav.${name}` as Key)]),
		['?', t('keys')],
		['Esc', t('key.close')],
	];
	return (
		<Dialog title={t('keys')} onClose={onClose}>
			<dl class="keys">
				{rows.map(([key, text]) => (
					<div key={key}>
						<dt>
							<kbd>{key}</kbd>
						</dt>
						<dd>{text}</dd>
					</div>
				))}
			</dl>
			<div class="dialog-actions">
				<button type="button" onClick={onClose}>
					{t('close')}
				</button>
			</div>
		</Dialog>
	);
}
