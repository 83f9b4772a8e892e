/* The table of applications and appliances: what installers and appliances write, and which product that is. */
#include "unit.h"
#include "vuln/fields.h"
#include "vuln/software-version.h"
#include "vuln/software.h"

extern const unsigned char software_csv[];
extern const size_t software_csv_len;

struct named {
	const char *publisher, *name;
	const char *product; /* NULL: nothing is known of it */
};

static void
assert_named(const struct named *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ARENA_AUTO a = { 0 };
		struct software s = { .publisher = str_of(cases[i].publisher),
				      .name = str_of(cases[i].name),
				      .version = STR("1.2.3") };
		struct software_product p;
		software_product(&s, &a, &p);
		struct str got = p.count > 0 ? str_skip(p.names[0], 2) : STR("nothing"),
			   wanted = cases[i].product ? str_of(cases[i].product) : STR("nothing");
		if (!str_eq(got, wanted))
			fail_msg("%s, %s: %.*s instead of %.*s", cases[i].publisher, cases[i].name, STR_ARG(got),
				 STR_ARG(wanted));
		assert_true(p.count == 0 || (p.confidence > 0 && p.confidence < 1));
	}
}

static void
programs(void **state)
{
	static const struct named cases[] = {
		{ "Mozilla", "Mozilla Firefox (x64 ja)", "mozilla:firefox" },
		{ "Mozilla", "Mozilla Firefox ESR (x64 ja)", "mozilla:firefox_esr" },
		{ "Mozilla", "Mozilla Maintenance Service", NULL },
		{ "Google LLC", "Google Chrome", "google:chrome" },
		{ "Google LLC", "Google Chrome Frame", NULL },
		{ "Microsoft Corporation", "Microsoft Edge", "microsoft:edge_chromium" },
		{ "Microsoft Corporation", "Microsoft Edge Update", NULL },
		{ "Microsoft Corporation", "Microsoft Edge WebView2 Runtime", "microsoft:edge_chromium" },
		{ "Microsoft Corporation", "Microsoft Edge Game Assist", NULL },
		{ "Microsoft", "Microsoft Teams", "microsoft:teams" },
		{ "Microsoft", "Microsoft Teams (work or school)", "microsoft:teams" },
		{ "Microsoft", "Microsoft Teams Meeting Add-in for Microsoft Office", NULL },
		{ "Microsoft Corporation", "Teams Machine-Wide Installer", NULL },
		{ "Microsoft Corporation", "Microsoft Visual Studio Code (User)", "microsoft:visual_studio_code" },
		{ "Microsoft Corporation", "PowerShell 7-x64", "microsoft:powershell" },
		{ "Microsoft Corporation", "Microsoft SQL Server 2019 (64-bit)", "microsoft:sql_server" },
		{ "Microsoft Corporation", "Microsoft SQL Server 2008 R2 (64-bit)", "microsoft:sql_server" },
		{ "Microsoft Corporation", "Microsoft SQL Server 2012 Native Client ", NULL },
		{ "Microsoft Corporation", "Microsoft SQL Server Management Studio - 19.3", NULL },
		{ "Microsoft Corporation", "Microsoft SQL Server 2019 Setup (English)", NULL },
		{ "Microsoft Corporation", "Microsoft SQL Server 2019 T-SQL Language Service ", NULL },
		{ "Microsoft Corporation", "Microsoft SQL Server 2014 Management Objects  (x64)", NULL },
		{ "Microsoft Corporation", "Microsoft SQL Server Compact 4.0 SP1 x64 ENU", NULL },
		{ "Microsoft Corporation", "Microsoft OLE DB Driver for SQL Server",
		  "microsoft:ole_db_driver_18_for_sql_server" },
		{ "Microsoft Corporation", "Microsoft OLE DB Driver 19 for SQL Server",
		  "microsoft:ole_db_driver_19_for_sql_server" },
		{ "Brave Software Inc", "Brave", "brave:brave" },
		{ "Opera Software", "Opera Stable 114.0.5282.102", "opera:opera_browser" },
		{ "Opera Software", "Opera GX Stable 114.0.5282.106", NULL },
		{ "Adobe", "Adobe Acrobat (64-bit)", "adobe:acrobat_dc" },
		{ "Adobe Systems Incorporated", "Adobe Acrobat Reader DC - Japanese", "adobe:acrobat_reader_dc" },
		{ "Adobe Systems Incorporated", "Adobe Acrobat Reader 2020 MUI", "adobe:acrobat_reader" },
		{ "Adobe Systems Incorporated", "Adobe Acrobat XI Pro", "adobe:acrobat" },
		{ "Adobe Systems Incorporated", "Adobe Reader XI (11.0.23) - Japanese", "adobe:acrobat_reader" },
		{ "Adobe Systems Incorporated", "Adobe Acrobat Reader DC Font Pack", NULL },
		{ "Adobe Systems Incorporated", "Adobe Refresh Manager", NULL },
		{ "Igor Pavlov", "7-Zip 23.01 (x64)", "7-zip:7-zip" },
		{ "Igor Pavlov, Tino Reichardt", "7-Zip ZS 22.01 ZS v1.5.5 R3", NULL },
		{ "The Document Foundation", "LibreOffice 24.2.3.2", "libreoffice:libreoffice" },
		{ "The Document Foundation", "LibreOffice 24.2 Help Pack (Japanese)", NULL },
		{ "Simon Tatham", "PuTTY release 0.80 (64-bit)", "putty:putty" },
		{ "Simon Tatham", "PuTTY CAC", NULL },
		{ "Tim Kosse", "FileZilla Client 3.66.5", "filezilla-project:filezilla_client" },
		{ "FileZilla Project", "FileZilla Server 1.8.1", "filezilla-project:filezilla_server" },
		{ "TeamViewer", "TeamViewer", "teamviewer:full_client" },
		{ "TeamViewer", "TeamViewer Host", "teamviewer:host" },
		{ "TeamViewer", "TeamViewer Meeting Outlook Add-In", NULL },
		{ "ScreenConnect Software", "ScreenConnect", "connectwise:screenconnect" },
		{ "ScreenConnect Software", "ScreenConnect Client (0123456789abcdef)", NULL },
		{ "Zoom Video Communications, Inc.", "Zoom (64-bit)", "zoom:workplace_desktop" },
		{ "Zoom Communications, Inc.", "Zoom Workplace (64-bit)", "zoom:workplace_desktop" },
		{ "Zoom Video Communications, Inc.", "Zoom Rooms", "zoom:rooms" },
		{ "Zoom Video Communications, Inc.", "Zoom VDI Client", "zoom:vdi_windows_meeting_client" },
		{ "Zoom Video Communications, Inc.", "Zoom VDI Universal Plugin", NULL },
		{ "Zoom Video Communications, Inc.", "Zoom Outlook Plugin", NULL },
		{ "Zoom", "ZoomText 2023", NULL },
		{ "Cisco Systems, Inc.", "Cisco Secure Client - AnyConnect VPN", "cisco:secure_client" },
		{ "Cisco Systems, Inc", "Webex", "cisco:webex_teams" },
		{ "Cisco Webex LLC", "Webex Meetings", NULL },
		{ "Dropbox, Inc.", "Dropbox", "dropbox:dropbox" },
		{ "Dropbox, Inc.", "Dropbox Update Helper", NULL },
		{ "Mozilla", "Firefox 128.0 (x64 ja)", "mozilla:firefox" },
		{ "Oracle Corporation", "Java 8 Update 401 (64-bit)", "oracle:jre" },
		{ "Oracle Corporation", "Java SE Development Kit 8 Update 401 (64-bit)", "oracle:jdk" },
		{ "Oracle Corporation", "Java Auto Updater", NULL },
		{ "Oracle Corporation", "Oracle VM VirtualBox 7.0.14", "oracle:vm_virtualbox" },
		{ "Oracle Corporation", "Oracle VM VirtualBox Guest Additions 7.0.14", NULL },
		{ "Oracle Corporation", "MySQL Server 8.0", "oracle:mysql_server" },
		{ "Oracle Corporation", "MySQL Installer - Community", NULL },
		{ "PostgreSQL Global Development Group", "PostgreSQL 15 ", "postgresql:postgresql" },
		{ "PostgreSQL Global Development Group", "PostgreSQL ODBC Driver (x64)", NULL },
		{ "MariaDB Corporation Ab", "MariaDB 10.11 (x64)", "mariadb:mariadb" },
		{ "MariaDB Corporation Ab", "MariaDB ODBC Driver 64-bit", NULL },
		{ "Python Software Foundation", "Python 3.11.4 (64-bit)", "python:cpython" },
		{ "Python Software Foundation", "Python 3.11.4 Documentation (64-bit)", NULL },
		{ "Python Software Foundation", "Python Launcher", NULL },
		{ "OpenVPN, Inc.", "OpenVPN 2.6.8-I001 amd64", "openvpn:openvpn" },
		{ "OpenVPN Technologies", "OpenVPN Connect", "openvpn:connect" },
		{ "The Apache Software Foundation", "Apache Tomcat 9.0 Tomcat9 (remove only)", "apache:tomcat" },
		{ "VMware, Inc.", "VMware Workstation", "vmware:workstation" },
		{ "VMware, Inc.", "VMware Tools", NULL },
		{ "VMware, Inc.", "VMware vCenter Converter Standalone", NULL },
		{ "Fortinet Technologies (Canada) Inc.", "FortiClient VPN", "fortinet:forticlient" },
		{ "Fortinet", "FortiClient EMS", "fortinet:forticlient_endpoint_management_server" },
		{ "Palo Alto Networks", "GlobalProtect", "paloaltonetworks:globalprotect" },
		{ "Palo Alto Networks", "Cortex XDR 8.3.0", NULL },
		{ "Pulse Secure, LLC", "Pulse Secure", "pulsesecure:client" },
		{ "Pulse Secure, LLC", "Pulse Secure Setup Client", NULL },
		{ "SonicWall Inc.", "SonicWall NetExtender", "sonicwall:netextender" },
		{ "Trend Micro, Inc.", "Trend Micro Apex One Security Agent", "trendmicro:apex_one" },
		{ "Veeam Software Group GmbH", "Veeam Backup & Replication Server", "veeam:backup_&_replication" },
		{ "Veeam Software Group GmbH", "Veeam Backup & Replication Console", NULL },
		{ "Acronis", "Acronis Cyber Protect Home Office", "acronis:cyber_protect_home_office" },
		{ "Acronis", "Acronis Cyber Protect Connect Agent", NULL },
		{ "Citrix Systems, Inc.", "Citrix Workspace 2402", "citrix:workspace" },
		{ "Citrix Systems, Inc.", "Citrix Gateway Plug-in", NULL },
		{ "Citrix Systems, Inc.", "NetScaler Gateway Plug-in", NULL },
		{ "Citrix Systems, Inc.", "Citrix Endpoint Analysis Plug-in", NULL },
		{ "Sophos Limited", "Sophos Client Firewall", NULL },
		{ "Synology Inc.", "Synology Surveillance Station Client", NULL },
		{ "F5 Networks, Inc.", "BIG-IP Edge Client", "f5:big-ip_edge_client" },
	};
	(void)state;
	assert_named(cases, COUNT(cases));
}

static void
appliances(void **state)
{
	static const struct named cases[] = {
		{ "Cisco", "IOS XR", "cisco:ios_xr" },
		{ "Cisco", "Cisco IOS XR Software", "cisco:ios_xr" },
		{ "Cisco", "IOS-XE", "cisco:ios_xe" },
		{ "Cisco", "Cisco IOS XE Software", "cisco:ios_xe" },
		{ "Cisco", "Cisco IOS Software", "cisco:ios" },
		{ "Cisco", "IOS", "cisco:ios" },
		{ "Cisco", "UCS BIOS", NULL },
		{ "Cisco", "AnyConnect for iOS", NULL },
		{ "Cisco", "Catalyst 9300-48P", "cisco:ios_xe" },
		{ "Cisco", "Catalyst 9120AX Access Point", NULL },
		{ "Cisco", "NX-OS", "cisco:nx-os" },
		{ "Cisco", "ASA 5506-X", "cisco:adaptive_security_appliance_software" },
		{ "Cisco", "Cisco ASA 5506-X", "cisco:adaptive_security_appliance_software" },
		{ "Cisco", "Adaptive Security Device Manager", NULL },
		{ "Cisco", "Firepower Management Center", "cisco:firepower_management_center" },
		{ "Cisco", "Firepower Threat Defense", "cisco:firepower_threat_defense_software" },
		{ "Cisco", "Firepower 2110", "cisco:firepower_threat_defense_software" },
		{ "Aruba", "ClearPass Policy Manager", "arubanetworks:clearpass_policy_manager" },
		{ "Aruba", "ClearPass OnGuard", NULL },
		{ "Aruba", "AOS-CX", NULL },
		{ "Aruba", "ArubaOS-CX 6300M", NULL },
		{ "Aruba", "6300M Switch", NULL },
		{ "Aruba", "CX 8360", NULL },
		{ "Aruba", "2930F", NULL },
		{ "Aruba", "ArubaOS-Switch 2530", NULL },
		{ "Aruba", "AirWave", NULL },
		{ "Aruba", "Instant On AP22", NULL },
		{ "Aruba", "Instant AP-515", "arubanetworks:instant" },
		{ "Aruba", "AP-515", "arubanetworks:instant" },
		{ "Aruba Networks", "Aruba 7210", "arubanetworks:arubaos" },
		{ "Aruba", "Mobility Controller", "arubanetworks:arubaos" },
		{ "HPE", "Aruba ClearPass Policy Manager", "arubanetworks:clearpass_policy_manager" },
		{ "HPE", "Aruba 6300M", NULL },
		{ "HPE Aruba Networking", "ArubaOS", "arubanetworks:arubaos" },
		{ "Hewlett Packard Enterprise", "Aruba 7010", "arubanetworks:arubaos" },
		{ "Hewlett Packard Enterprise", "ProCurve 2810", NULL },
		{ "HP", "LaserJet", NULL },
		{ "Fortinet", "FortiGate-60F", "fortinet:fortios" },
		{ "Fortinet", "FortiWebManager", "fortinet:fortiweb_manager" },
		{ "Fortinet", "FortiWeb-400E", "fortinet:fortiweb" },
		{ "Fortinet", "FortiSwitchManager", "fortinet:fortiswitchmanager" },
		{ "Fortinet", "FortiSwitch-124F", "fortinet:fortiswitch" },
		{ "Fortinet", "FortiAnalyzer-BigData", "fortinet:fortianalyzer-bigdata" },
		{ "Fortinet", "FortiAP-231F", NULL },
		{ "Palo Alto Networks", "PA-220", "paloaltonetworks:pan-os" },
		{ "Ivanti", "Ivanti Connect Secure", "ivanti:connect_secure" },
		{ "Pulse Secure", "Pulse Connect Secure", "ivanti:connect_secure" },
		{ "Citrix", "NetScaler ADC VPX", "citrix:netscaler_application_delivery_controller" },
		{ "Citrix", "NetScaler Console", "citrix:netscaler_console" },
		{ "Citrix", "Broadcast Server", NULL },
		{ "NetScaler", "MPX 8905", "citrix:netscaler_application_delivery_controller" },
		{ "NetScaler", "Secure Hub", NULL },
		{ "SonicWall", "SMA 210", "sonicwall:sma_100" },
		{ "SonicWall", "SMA 100", "sonicwall:sma_100" },
		{ "SonicWall", "SMA 1000", "sonicwall:sma1000_firmware" },
		{ "SonicWall", "SMA 8200v", "sonicwall:sma1000_firmware" },
		{ "SonicWall", "TZ370", "sonicwall:sonicos" },
		{ "F5", "BIG-IP i2600", "f5:big-ip" },
		{ "F5", "BIG-IP Next SPK", NULL },
		{ "F5", "BIG-IQ", NULL },
		{ "Juniper", "Junos OS Evolved", "juniper:junos_os_evolved" },
		{ "Juniper", "Junos Space", "juniper:junos_space" },
		{ "Juniper Networks", "Junos Pulse", NULL },
		{ "Juniper", "SRX320", "juniper:junos" },
		{ "Check Point", "Quantum Spark 1550", "checkpoint:quantum_spark_appliances" },
		{ "Check Point", "Quantum 6200", "checkpoint:quantum_security_gateway" },
		{ "Sophos", "XGS 2100 Firewall", "sophos:firewall" },
		{ "WatchGuard", "Firebox M270", "watchguard:fireware" },
		{ "Zyxel", "USG FLEX 100", "zyxel:usg_flex_100_firmware" },
		{ "Synology", "DS920+", "synology:diskstation_manager" },
		{ "Synology", "DSM", "synology:diskstation_manager" },
		{ "Synology", "DS file", NULL },
		{ "Synology", "RT2600ac", "synology:router_manager" },
		{ "QNAP", "QuTScloud", "qnap:qutscloud" },
		{ "QNAP", "QuTS hero", "qnap:quts_hero" },
		{ "QNAP", "TS-453D", "qnap:qts" },
		{ "QNAP", "QSW-M408", NULL },
		{ "VMware, Inc.", "VMware ESXi", "vmware:esxi" },
		{ "VMware", "vCenter Server", "vmware:vcenter_server" },
		{ "Broadcom", "vCenter Server", "vmware:vcenter_server" },
		{ "ヤマハ", "RTX1220", "yamaha:rtx1220_firmware" },
		{ "Yamaha", "SWX2210", NULL },
		/* The maker's name in front of the model. */
		{ "Fortinet", "Fortinet FortiGate 60F", "fortinet:fortios" },
		{ "Cisco Systems", "Cisco Firepower 2110", "cisco:firepower_threat_defense_software" },
		{ "Palo Alto Networks", "Palo Alto Networks PA-220", "paloaltonetworks:pan-os" },
		{ "SonicWall Inc.", "SonicWall TZ370", "sonicwall:sonicos" },
		{ "QNAP", "QNAP TS-453D", "qnap:qts" },
		{ "Synology", "Synology DS file", NULL },
		{ "Cisco", "Cisco UCS BIOS", NULL },
		/* Makers whose boxes the table does not know have no one else's findings. */
		{ "Buffalo", "TS5410DN", NULL },
		{ "NEC", "Aterm WG1200HP", NULL },
		{ "NEC", "UNIVERGE IX2215", NULL },
		{ "Fujitsu", "Si-R G120", NULL },
		{ "Allied Telesis", "AT-AR4050S", NULL },
	};
	(void)state;
	assert_named(cases, COUNT(cases));
}

/* Every row can be read, names a known form and, where it names products, how sure that is. */
static void
the_table_is_well_formed(void **state)
{
	ARENA_AUTO a = { 0 };
	struct str text = str_sub((const char *)software_csv, software_csv_len), rest, word;
	struct fields l = { 0 };
	bool end, header = true;
	size_t rows = 0;
	(void)state;
	while (true) {
		double confidence = 0;
		assert_true(fields_next(&text, &a, &l, &end));
		if (end)
			break;
		if (header) {
			assert_str(fields_at(&l, 5), "form");
			header = false;
			continue;
		}
		assert_in_range(l.count, 5, 6);
		assert_true(l.text[1].len > 0);
		assert_true(software_form_known(fields_at(&l, 5)));
		rest = l.text[2];
		assert_true(rest.len == 0 ||
			    (str_to_double(l.text[4], &confidence) && confidence > 0 && confidence < 1));
		while (str_word(&rest, &word)) {
			ptrdiff_t colon = str_find_char(word, ':');
			assert_true(colon > 0 && (size_t)colon + 1 < word.len);
		}
		rows++;
	}
	assert_true(rows > 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs),
		cmocka_unit_test(appliances),
		cmocka_unit_test(the_table_is_well_formed),
	};
	return cmocka_run_group_tests_name("vuln/software-names", tests, NULL, NULL);
}
