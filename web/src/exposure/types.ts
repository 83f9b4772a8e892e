// What the API's rows about exposure answer (doc/api.md).
export interface Sure<T = string> {
	value: T;
	confidence: number;
}
export type Inferred = string | number | boolean | Sure<string | number | boolean>;

export interface Banner {
	key: string;
	ip: string;
	port: number;
	transport: string;
	timestamp: string;
	hostnames: string[];
	location: { country_code: string | null; region: string | null; city: string | null; latitude: number | null; longitude: number | null };
	asn: string | null;
	org: string | null;
	os: string | null;
	product: string | null;
	version: string | null;
	tls: boolean | null;
	class: string[];
	support: string | null;
	source: string;
	data?: string;
	[field: string]: unknown;
}

export interface Timed {
	ms: number;
	damaged?: string[];
}
export interface CountAnswer extends Timed {
	count: number;
	hosts?: number;
}
/** A term that no banner at all matches, and the query without it. */
export interface Missing {
	term: string;
	without: string;
}
export interface SearchAnswer extends Timed {
	items: Banner[];
	next: string | null;
	nothing?: Missing[];
}
export interface FacetValue {
	value: string;
	second?: string;
	count: number;
}
export interface Facet {
	field: string;
	second?: string;
	values: FacetValue[];
	other: number;
}
export interface FacetAnswer extends Timed {
	facets: Facet[];
}
export type Step = 'hour' | 'day' | 'week' | 'month' | 'year';
export interface HistogramAnswer extends Timed {
	field: string;
	step: Step;
	values: { from: string; count: number }[];
}
export interface Import {
	source: string;
	file: string;
	digest: string;
	rules: string;
	imported_at: string | null;
	snapshot?: string;
}
export interface Snapshot {
	snapshot: string;
	banners: number;
	files: number;
	imported_at: string | null;
	imports: Import[];
}
export interface SnapshotAnswer extends Timed {
	total: number;
	items: Snapshot[];
}
export type Change = 'new' | 'gone' | 'changed';
export interface Difference extends Banner {
	change: Change;
	differs: { field: string; before: string | null; after: string | null }[];
}
export interface DiffAnswer extends Timed {
	items: Difference[];
	new: number;
	gone: number;
	changed: number;
}
export interface Other {
	key: string;
	port: number;
	transport: string;
	timestamp: string;
	product: string | null;
	version: string | null;
	module: string | null;
	snapshot: string | null;
	class: string | null;
}
export interface RecordAnswer extends Timed {
	key: string;
	ip: string;
	port: number;
	transport: string;
	timestamp: string;
	stated: Record<string, Inferred[]>;
	inferred: Record<string, Inferred[]>;
	origins: Import[];
	raw: { bytes: number; text: string }[];
	earlier: Other[];
	services: Other[];
}
export interface Completion {
	kind: 'filter' | 'value' | 'operator';
	insert: string;
	label: string;
	count?: number;
}
export interface CompleteAnswer extends Timed {
	from: number;
	items: Completion[];
}
export interface Report {
	id: string;
	kind: string;
	format: string;
	state: 'waiting' | 'running' | 'done' | 'failed';
	query: string;
	country: string | null;
	as_of: string | null;
	by: string;
	at: string;
	ended_at: string | null;
	bytes: number;
	sha256: string | null;
	error: string | null;
}
export interface Saved {
	name: string;
	query: string;
	notice: boolean;
	by: string;
	at: string;
	counted_at: string | null;
	banners: number;
	change: number;
	services: number;
	new: number;
	new_since: string | null;
	examples: { ip: string; port: number; transport: string }[];
	trouble: string | null;
	seen_by: string | null;
	seen_at: string | null;
}
