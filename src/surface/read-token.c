/* Verification tokens in TXT records: a name's owner proves to a service that it is his. Who uses which service is told by
 * them, and equal tokens under several names are one account's. A new vendor is one row. */
#include "surface/read-internal.h"

#include <ctype.h>

enum { VALUE_MIN = 6, TOKEN_MAX = 400 };

static const struct {
	struct str prefix; /* letters' case does not count */
	const char *vendor;
} vendors[] = {
	{ STR("google-site-verification="), "Google" },
	{ STR("google-gws-recovery-domain-verification="), "Google" },
	{ STR("MS=ms"), "Microsoft 365" },
	{ STR("ms-domain-verification="), "Microsoft" },
	{ STR("d365mktkey="), "Microsoft Dynamics 365" },
	{ STR("apple-domain-verification="), "Apple" },
	{ STR("apple-domain="), "Apple" },
	{ STR("facebook-domain-verification="), "Meta" },
	{ STR("atlassian-domain-verification="), "Atlassian" },
	{ STR("atlassian-sending-domain-verification="), "Atlassian" },
	{ STR("adobe-idp-site-verification="), "Adobe" },
	{ STR("adobe-sign-verification="), "Adobe Sign" },
	{ STR("docusign="), "DocuSign" },
	{ STR("dropbox-domain-verification="), "Dropbox" },
	{ STR("ZOOM_verify_"), "Zoom" },
	{ STR("webexdomainverification."), "Cisco Webex" },
	{ STR("cisco-ci-domain-verification="), "Cisco" },
	{ STR("amazonses:"), "Amazon SES" },
	{ STR("stripe-verification="), "Stripe" },
	{ STR("slack-domain-verification="), "Slack" },
	{ STR("globalsign-domain-verification="), "GlobalSign" },
	{ STR("_globalsign-domain-verification="), "GlobalSign" },
	{ STR("have-i-been-pwned-verification="), "Have I Been Pwned" },
	{ STR("hubspot-developer-verification="), "HubSpot" },
	{ STR("pardot"), "Salesforce Pardot" },
	{ STR("sendinblue-code:"), "Brevo" },
	{ STR("brevo-code:"), "Brevo" },
	{ STR("mailru-verification:"), "Mail.ru" },
	{ STR("yandex-verification:"), "Yandex" },
	{ STR("baidu-site-verification="), "Baidu" },
	{ STR("naver-site-verification="), "Naver" },
	{ STR("pinterest-site-verification="), "Pinterest" },
	{ STR("tiktok-developers-site-verification="), "TikTok" },
	{ STR("openai-domain-verification="), "OpenAI" },
	{ STR("anthropic-domain-verification-"), "Anthropic" },
	{ STR("notion-domain-verification="), "Notion" },
	{ STR("notion_verify_"), "Notion" },
	{ STR("miro-verification="), "Miro" },
	{ STR("asv="), "Asana" },
	{ STR("box-domain-verification="), "Box" },
	{ STR("citrix-verification-code="), "Citrix" },
	{ STR("citrix.mobile.ads.otp="), "Citrix" },
	{ STR("dynatrace-site-verification="), "Dynatrace" },
	{ STR("e2ma-verification="), "Emma" },
	{ STR("fastly-domain-delegation-"), "Fastly" },
	{ STR("ca3-"), "Cloudflare" },
	{ STR("ciscocidomainverification="), "Cisco" },
	{ STR("gitlab-pages-verification-code="), "GitLab" },
	{ STR("jamf-site-verification="), "Jamf" },
	{ STR("keybase-site-verification="), "Keybase" },
	{ STR("knowbe4-site-verification="), "KnowBe4" },
	{ STR("lastpass-verification-code="), "LastPass" },
	{ STR("liveramp-site-verification="), "LiveRamp" },
	{ STR("logmein-verification-code="), "LogMeIn" },
	{ STR("loom-site-verification="), "Loom" },
	{ STR("loom-verification="), "Loom" },
	{ STR("mongodb-site-verification="), "MongoDB" },
	{ STR("onetrust-domain-verification="), "OneTrust" },
	{ STR("parallels-domain-verification="), "Parallels" },
	{ STR("postman-domain-verification="), "Postman" },
	{ STR("proxy-ssl.webflow.com"), "Webflow" },
	{ STR("segment-site-verification="), "Segment" },
	{ STR("shopify-verification-code="), "Shopify" },
	{ STR("smartsheet-site-validation="), "Smartsheet" },
	{ STR("sophos-domain-verification="), "Sophos" },
	{ STR("status-page-domain-verification="), "Atlassian Statuspage" },
	{ STR("swisssign-check="), "SwissSign" },
	{ STR("teamviewer-sso-verification="), "TeamViewer" },
	{ STR("twilio-domain-verification="), "Twilio" },
	{ STR("workplace-domain-verification="), "Meta Workplace" },
	{ STR("wrike-verification="), "Wrike" },
	{ STR("zapier-domain-verification-challenge="), "Zapier" },
	{ STR("zoho-verification="), "Zoho" },
	{ STR("1password-site-verification="), "1Password" },
	{ STR("duo_sso_verification="), "Duo" },
	{ STR("mscid="), "Microsoft" },
	{ STR("canva-site-verification="), "Canva" },
	{ STR("figma-domain-verification="), "Figma" },
	{ STR("ahrefs-site-verification_"), "Ahrefs" },
	{ STR("bugcrowd-verification="), "Bugcrowd" },
	{ STR("detectify-verification="), "Detectify" },
	{ STR("drift-domain-verification="), "Drift" },
	{ STR("intersight="), "Cisco Intersight" },
	{ STR("paloaltonetworks-site-verification="), "Palo Alto Networks" },
	{ STR("protonmail-verification="), "Proton" },
	{ STR("SFMC-"), "Salesforce Marketing Cloud" },
	{ STR("krisp-domain-verification="), "Krisp" },
	{ STR("logmein-domain-confirmation "), "LogMeIn" },
};

static size_t
row_of(struct str token)
{
	size_t best = COUNT(vendors);
	for (size_t i = 0; i < COUNT(vendors); i++) {
		struct str p = vendors[i].prefix;
		if (token.len >= p.len + VALUE_MIN && str_eq_nocase(str_head(token, p.len), p))
			best = i;
	}
	return best;
}

const char *
read_token_vendor(struct str token)
{
	size_t row = row_of(token);
	return row < COUNT(vendors) ? vendors[row].vendor : NULL;
}

/* A service that is in no row: WORD=VALUE where the word says what it is for. */
static bool
is_unknown_token(struct str text)
{
	struct str word, value;
	static const struct str marks[] = { STR("verif"), STR("validation"), STR("domain-confirm"), STR("site-check") };
	if (!(str_split(text, '=', &word, &value) || str_split(text, ':', &word, &value)) || word.len > 64 ||
	    value.len < 8)
		return false;
	for (size_t i = 0; i < word.len; i++)
		if (!isalnum((unsigned char)word.ptr[i]) && !strchr("-_.", word.ptr[i]))
			return false;
	for (size_t i = 0; i < COUNT(marks); i++)
		if (str_contains(word, marks[i]))
			return true;
	return false;
}

bool
read_token(struct facts *f, struct str name, struct str text)
{
	text = str_trim(text);
	/* Some write the quotes of a zone file into the text. */
	if (text.len > 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
		text = str_sub(text.ptr + 1, text.len - 2);
	if (text.len > TOKEN_MAX || !str_is_utf8(text) || (row_of(text) == COUNT(vendors) && !is_unknown_token(text)))
		return false;
	if (!read_value(f, FACT_TOKEN, THING_NAME, name, text))
		return true;
	fact_evidence(f, text);
	return true;
}
