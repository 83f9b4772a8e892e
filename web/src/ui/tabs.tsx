// Tabs are links: each view has its own address, and works with the keyboard as links do.
import { number } from '../i18n';

export function Tabs({
	current,
	tabs,
	to,
}: {
	current: string;
	tabs: [name: string, title: string, count?: number][];
	to: (name: string) => string;
}) {
	return (
		<nav class="tabs">
			{tabs.map(([name, title, count]) => (
				<a key={name} href={to(name)} aria-current={name === current ? 'page' : undefined}>
					{title}
					{count !== undefined && <span class="tab-count">{number(count)}</span>}
				</a>
			))}
		</nav>
	);
}
