/* The rules' values as people say them (evidence/exposure-study.h). */
#include "evidence/exposure-study.h"

struct word {
	const char *value, *name;
};

static const struct word classes[] = {
	{ "dicom", "Image exchange (DICOM)" },   { "pacs", "Image archives and viewers (PACS)" },
	{ "emr", "Electronic medical records" }, { "hl7", "Message exchange (HL7, FHIR)" },
	{ "device", "Medical devices" },         { "facility", "Building systems" },
	{ "office", "Office equipment" },        { "network", "Network equipment and VPN gateways" },
};

static const struct word kinds[] = {
	{ "hospital", "Hospital" },           { "clinic", "Clinic or practice" },
	{ "university", "University" },       { "vendor", "Vendor" },
	{ "government", "Public authority" }, { "isp", "Internet provider" },
	{ "hosting", "Hosting or cloud" },
};

static const struct leak {
	const char *value, *name, *learns, *act;
} leaks[] = {
	{ "patient-data", "Patient data", "Data of patients can be read by anybody.",
	  "Take the service off the internet today, keep its logs, and report it as the law on personal data asks." },
	{ "screenshot", "A picture of the screen",
	  "What stands on the screen: names of users, of programs, of patients.",
	  "Close the port from outside; reach screens through a VPN with a second factor only." },
	{ "anonymous-login", "Sign-in without a password",
	  "Files and folders can be read, perhaps written, without a password.",
	  "Turn anonymous access off and check who has used it." },
	{ "shares", "Names of shared folders", "Which folders there are, and so what is worth taking.",
	  "Close SMB (139, 445) from outside." },
	{ "directory-listing", "Lists of files", "The names of all files of a folder, backups among them.",
	  "Turn directory listing off in the web server." },
	{ "version", "Exact versions", "Which published attack works: a look into a list is enough.",
	  "Update; hide the version in the server's answer where that is possible." },
	{ "os", "The operating system", "Which attacks are worth trying, and whether updates still come.",
	  "Replace what is out of support, or take it off the internet." },
	{ "host-name", "The machine's name", "How machines are named here, and often what they are for.",
	  "Close the service from outside; use names that say nothing outside." },
	{ "domain-name", "The internal domain",
	  "The name under which users sign in: half of what guessing a password needs.",
	  "Close remote desktop and SMB from outside; VPN with a second factor." },
	{ "private-address", "Internal addresses", "How the network behind is numbered.",
	  "Have the web server or proxy name itself by its public name." },
	{ "location", "The machine's place", "Where the machine stands.", "Close SNMP (161/udp) from outside." },
	{ "contact", "Whom to call", "Somebody's name or address, of use to who wants to deceive by telephone or mail.",
	  "Close SNMP (161/udp) from outside." },
	{ "debug", "Debugging pages", "Paths, settings and sometimes passwords of the program.",
	  "Turn the debugging mode off." },
	{ "default-page", "A page as installed", "That nobody has set this machine up to the end.",
	  "Remove the machine from the internet or finish setting it up." },
};

static struct str
name_of(const struct word *words, size_t count, struct str value)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(str_of(words[i].value), value))
			return str_of(tr(words[i].name));
	return value;
}

struct str
study_class(struct str value)
{
	return name_of(classes, COUNT(classes), value);
}

struct str
study_kind(struct str value)
{
	return name_of(kinds, COUNT(kinds), value);
}

bool
study_leak(struct str value, struct str *name, struct str *learns, struct str *act)
{
	for (size_t i = 0; i < COUNT(leaks); i++) {
		if (!str_eq(str_of(leaks[i].value), value))
			continue;
		*name = str_of(tr(leaks[i].name));
		*learns = str_of(tr(leaks[i].learns));
		*act = str_of(tr(leaks[i].act));
		return true;
	}
	*name = value;
	*learns = *act = STR("");
	return false;
}
