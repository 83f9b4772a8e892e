// Made-up banners in Shodan's form: a few kinds of services whose counts a test knows, and one record that is hostile in
// every text.
export const HOSTILE = '<img src=x onerror="globalThis.hostile=1">"\'><script>globalThis.hostile=2</script>\u202e';

const text = (value) => ({ data: value });
const KINDS = {
	dicom: (i) => ({ port: 104, ...text('DICOM Server Response\r\nImplementation: ORTHANC'), _shodan: { module: 'dicom' }, org: `病院 ${i % 5}`, product: 'Orthanc', version: '1.9.7' }),
	web: (i) => ({
		port: 443,
		...text('HTTP/1.1 200 OK\r\nServer: nginx/1.14.2\r\n\r\n当院の皮膚科のご案内'),
		_shodan: { module: 'https' },
		org: `Clinic ${i % 7}`,
		product: 'nginx',
		version: '1.14.2',
		http: { status: 200, title: '皮膚科クリニック', server: 'nginx/1.14.2', html: '<html><title>皮膚科クリニック</title></html>' },
		ssl: { versions: ['TLSv1.2'], cert: { serial: 1, expired: false, subject: { CN: `www${i}.example.jp` }, issuer: { CN: 'Example CA' }, fingerprint: { sha256: `${i}` } } },
	}),
	rdp: (i) => ({ port: 3389, ...text('Remote Desktop Protocol\r\nWindows Server 2008 R2'), _shodan: { module: 'rdp' }, org: `Hospital ${i % 3}`, os: 'Windows Server 2008 R2', product: 'Microsoft Terminal Services' }),
};

export function banner(kind, i, { country = 'JP', day = '2026-03-01', ip = `198.51.${100 + (i >> 8)}.${i & 255}` } = {}) {
	return {
		ip_str: ip,
		transport: 'tcp',
		timestamp: `${day}T${String(i % 24).padStart(2, '0')}:00:00.000000`,
		hostnames: [`host${i}.example.jp`],
		domains: ['example.jp'],
		location: { country_code: country, city: country === 'JP' ? '東京' : 'Springfield', latitude: 35, longitude: 139 },
		hash: i,
		...KINDS[kind](i),
	};
}

/** A record whose every text tries to become part of the page. */
export const hostile = () => ({
	...banner('web', 9999, { ip: '203.0.113.66', country: 'US' }),
	data: HOSTILE,
	org: HOSTILE,
	os: HOSTILE,
	isp: HOSTILE,
	product: HOSTILE,
	version: HOSTILE,
	devicetype: HOSTILE,
	tags: [HOSTILE],
	hostnames: [HOSTILE],
	location: { country_code: HOSTILE, city: HOSTILE, region_code: HOSTILE },
	http: { status: 200, title: HOSTILE, server: HOSTILE, html: HOSTILE, components: { [HOSTILE]: { categories: [HOSTILE] } } },
	ssl: { versions: [HOSTILE], cert: { serial: 1, expired: true, subject: { CN: HOSTILE, O: HOSTILE }, issuer: { CN: HOSTILE }, fingerprint: { sha256: HOSTILE } } },
	vulns: { [HOSTILE]: { cvss: 10, verified: false, references: [], summary: HOSTILE } },
});

export const lines = (records) => `${records.map((one) => JSON.stringify(one)).join('\n')}\n`;
