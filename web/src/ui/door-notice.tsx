// One sheet: when, which machines, what to do. Both languages stand on it, whatever the reader's is, and it needs
// nothing else of the dashboard, so that the ward's page can print it, too.

export interface Door {
	group: string | null;
	start: string;
	end: string;
	/** By whose clock; undefined: the reader's. */
	zone?: string | undefined;
	back_by: string | null;
	/** Those that are held stand apart: nothing happens to them. */
	hosts: { id: string; name: string; patches: number; held?: { why: string; until: string | null } | null | undefined }[];
	updates: number;
}

const HOSTS_SHOWN = 60;

export function DoorNotice({ group, start, end, zone, back_by: back, hosts, updates }: Door) {
	const at = (time: string, locale: string, options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, { timeZone: zone, ...options }).format(new Date(time));
	const hour = (time: string) => at(time, 'ja-JP', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
	const date = (time: string) => at(time, 'en-CA', { year: 'numeric', month: '2-digit', day: '2-digit' });
	const later = date(start) !== date(end);
	const going = hosts.filter((host) => !host.held);
	const held = hosts.filter((host) => host.held);
	const rest = going.length - HOSTS_SHOWN;
	return (
		<article class="door" lang="ja">
			<p class="door-kicker">{group ?? ''}</p>
			<h2>パソコンの自動更新のお知らせ</h2>
			<p class="door-when">
				{at(start, 'ja-JP', { month: 'long', day: 'numeric', weekday: 'short' })}
				<b>
					{hour(start)} 〜 {later ? '翌 ' : ''}
					{hour(end)}
				</b>
			</p>
			{back && (
				<p class="door-back">
					{date(start) === date(back) ? '' : '翌 '}
					{hour(back)} までに、再起動も含めて終わり、ふだんどおり使えるようになります。
				</p>
			)}
			<ul class="door-do">
				<li>電源は入れたままにしてください。</li>
				<li>作業中のものは保存してください。この時間帯に再起動することがあります。</li>
				<li>手術や処置で使うときは、画面のお知らせか病棟のページで「保留」を選んでください。</li>
			</ul>
			<h3>
				対象の端末({going.length} 台、更新 {updates} 件)
			</h3>
			<ul class="door-hosts">
				{going.slice(0, HOSTS_SHOWN).map((host) => (
					<li key={host.id}>{host.name}</li>
				))}
				{rest > 0 && <li>ほか {rest} 台</li>}
			</ul>
			{held.length > 0 && (
				<>
					<h3>保留中の端末({held.length} 台、この時間帯には更新しません)</h3>
					<ul class="door-hosts held">
						{held.slice(0, HOSTS_SHOWN).map((host) => (
							<li key={host.id}>
								保留中: {host.name}、{host.held!.why}
								{host.held!.until && `(${at(host.held!.until, 'ja-JP', { month: 'numeric', day: 'numeric' })} ${hour(host.held!.until)} まで)`}
							</li>
						))}
						{held.length > HOSTS_SHOWN && <li>ほか {held.length - HOSTS_SHOWN} 台</li>}
					</ul>
				</>
			)}
			<div class="door-english" lang="en">
				<p>
					<strong>
						Automatic updates: {at(start, 'en-GB', { weekday: 'long', day: 'numeric', month: 'long' })}, {hour(start)} to {hour(end)}
						{later ? ' the next day' : ''}.
					</strong>
					{back && ` The machines are back by ${hour(back)}${date(start) === date(back) ? '' : ' the next day'}, restarts included.`} Leave them switched on and save your work; they may restart. If you need one for an operation or a treatment, choose “hold” in the
					notice on its screen or on the ward’s page.
				</p>
			</div>
		</article>
	);
}
