// The ward's page speaks both languages by itself, without the dashboard's dictionaries.
const ja = {
	title: '病棟のページ',
	ward: '病棟・部署',
	pin: 'PIN',
	open: '開く',
	'pin.hint': 'PIN は情報システム担当者にお尋ねください。',
	other: 'English',
	leave: '終了',
	broken: 'この画面を表示できませんでした。端末の更新は予定どおりです。',
	'broken.again': 'もう一度表示',
	machines: '{n} 台の端末',
	none: 'この病棟の端末はまだ登録されていません。',
	loading: '読み込み中',
	updates: '更新 {n} 件が待っています',
	'updates.none': '待っている更新はありません',
	'next-day': '翌',
	slot: '次の自動更新',
	'slot.now': '自動更新の時間帯です',
	held: '保留中',
	until: '{when} まで',
	'until.open': '解除されるまで',
	by: '設定: {who}',
	now: '今すぐ',
	'now.hint': '更新する',
	later: 'あとで',
	'later.hint': 'しばらく待つ',
	hold: '保留',
	'hold.hint': '手術など',
	release: '保留を解除',
	'not-own': 'この保留は、設定した人だけが解除できます。',
	'now.title': '{host} を今すぐ更新しますか',
	'now.body': '再起動することがあります。作業中のものは保存してください。患者さんに使っているときは「やめる」を押してください。',
	'now.yes': 'はい、今すぐ更新する',
	'now.done': '{host} に更新を指示しました。まもなく始まります。',
	'later.title': '{host} の更新をいつまで待ちますか',
	'later.why': '使用中',
	'later.done': '{host} の更新は {when} まで始まりません。',
	'hold.title': '{host} を保留する理由は何ですか',
	'hold.how-long': 'いつまでですか',
	'reason.surgery': '手術',
	'reason.treatment': '処置・診療中',
	'reason.device': '検査装置の使用中',
	'reason.other': 'その他',
	'reason.write': '理由を書く',
	'hold.yes': '保留する',
	'hold.done': '{host} を {when} まで保留しました。',
	'release.done': '{host} の保留を解除しました。',
	'for.1': '1 時間',
	'for.4': '4 時間',
	'for.morning': '明日の朝 7 時まで',
	'for.72': '3 日間',
	cancel: 'やめる',
	print: 'お知らせを印刷',
	offline: 'サーバーから応答がありません。少し待ってから、もう一度押してください。',
	'print.none': '明日までに始まる更新はありません。',
};

const en: Record<keyof typeof ja, string> = {
	title: 'Ward page',
	ward: 'Ward or department',
	pin: 'PIN',
	open: 'Open',
	'pin.hint': 'Ask the IT person for the PIN.',
	other: '日本語',
	leave: 'Leave',
	broken: 'This page could not be shown. Updates go on as planned.',
	'broken.again': 'Show it again',
	machines: '{n} machines',
	none: 'No machine of this ward is known yet.',
	loading: 'Loading',
	updates: '{n} updates are waiting',
	'updates.none': 'No update is waiting',
	'next-day': '',
	slot: 'Next automatic update',
	'slot.now': 'Automatic updates may run now',
	held: 'Held',
	until: 'until {when}',
	'until.open': 'until released',
	by: 'by {who}',
	now: 'Now',
	'now.hint': 'update',
	later: 'Later',
	'later.hint': 'wait a while',
	hold: 'Hold',
	'hold.hint': 'surgery …',
	release: 'Release',
	'not-own': 'Only who set this hold can release it.',
	'now.title': 'Update {host} now?',
	'now.body': 'It may restart. Save your work first. If a patient depends on it, press “Cancel”.',
	'now.yes': 'Yes, update now',
	'now.done': '{host} is told to update; it begins shortly.',
	'later.title': 'How long shall {host} wait?',
	'later.why': 'in use',
	'later.done': '{host} does not update before {when}.',
	'hold.title': 'Why is {host} held?',
	'hold.how-long': 'Until when?',
	'reason.surgery': 'Surgery',
	'reason.treatment': 'Treatment of a patient',
	'reason.device': 'Device in use',
	'reason.other': 'Something else',
	'reason.write': 'Write the reason',
	'hold.yes': 'Hold',
	'hold.done': '{host} is held until {when}.',
	'release.done': '{host} is released.',
	'for.1': '1 hour',
	'for.4': '4 hours',
	'for.morning': 'until 07:00 tomorrow',
	'for.72': '3 days',
	cancel: 'Cancel',
	print: 'Print a notice',
	offline: 'The server does not answer. Wait a moment and press again.',
	'print.none': 'No update begins before tomorrow ends.',
};

export type Word = keyof typeof ja;
export type Lang = 'ja' | 'en';

let current: Lang = 'ja';

export function initialLang(): Lang {
	try {
		const kept = localStorage.getItem('mamori.lang');
		if (kept === 'ja' || kept === 'en') return kept;
	} catch {
		// Storage may be forbidden; the browser's language serves.
	}
	return navigator.language.toLowerCase().startsWith('ja') ? 'ja' : 'en';
}

export function speak(language: Lang): void {
	current = language;
	document.documentElement.lang = language;
	try {
		localStorage.setItem('mamori.lang', language);
	} catch {
		// Holds for this page only, then.
	}
}

export const spoken = () => current;

export function w(word: Word, params: Record<string, string | number> = {}): string {
	return (current === 'ja' ? ja : en)[word].replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** 11月24日(火) 22:00, Tue 24 Nov, 22:00. */
export function when(time: string, zone?: string): string {
	return new Intl.DateTimeFormat(current === 'ja' ? 'ja-JP' : 'en-GB', { timeZone: zone, month: current === 'ja' ? 'long' : 'short', day: 'numeric', weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(time));
}

/** 22:00–翌02:00 after the day. */
export function from(start: string, end: string, zone?: string): string {
	const later = dayAt(start, zone) !== dayAt(end, zone);
	return `${when(start, zone)}–${later ? w('next-day') : ''}${hour(end, zone)}`;
}

/** 2026-11-24 */
export const dayAt = (time: string | number, zone?: string): string => new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(new Date(time));

/** A zone's name where the browser knows it: the machine's own, by which its hours are told. */
export function zoneOf(name: string | null | undefined): string | undefined {
	try {
		return name ? new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone : undefined;
	} catch {
		return undefined;
	}
}

export function hour(time: string, zone?: string): string {
	return new Intl.DateTimeFormat('ja-JP', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(time));
}
