/* A database written here by hand, byte for byte as rpm lays it out. */
#include "os/rpm-ndb.h"

#include "unit.h"

static void
put_little(struct buf *b, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		buf_add_char(b, (char)(n >> (8 * i)));
}

static void
put_big(struct buf *b, uint32_t n)
{
	for (int i = 3; i >= 0; i--)
		buf_add_char(b, (char)(n >> (8 * i)));
}

struct value {
	uint32_t tag;
	const char *text; /* NULL: the number */
	uint32_t number;
};

static void
put_header(struct buf *out, const struct value *v, size_t count)
{
	BUF_AUTO data = { 0 };

	put_big(out, (uint32_t)count);
	size_t bytes_at = out->len;
	put_big(out, 0);
	for (size_t i = 0; i < count; i++) {
		while (!v[i].text && data.len % 4 != 0)
			buf_add_char(&data, 0);
		put_big(out, v[i].tag);
		put_big(out, v[i].text ? 6 : 4);
		put_big(out, (uint32_t)data.len);
		put_big(out, 1);
		if (v[i].text)
			buf_add(&data, str_sub(v[i].text, strlen(v[i].text) + 1));
		else
			put_big(&data, v[i].number);
	}
	BUF_AUTO len = { 0 };
	put_big(&len, (uint32_t)data.len);
	memcpy(out->ptr + bytes_at, len.ptr, 4);
	buf_add(out, buf_str(&data));
}

#define PAGE 4096U

/* One page of slots, then the headers' blocks. */
static void
put_database(struct buf *out, const struct buf *headers, size_t count)
{
	BUF_AUTO blocks = { 0 };

	buf_add(out, STR("RpmP"));
	put_little(out, 0);
	put_little(out, 7);
	put_little(out, 1);
	for (int i = 0; i < 4; i++)
		put_little(out, 0);
	for (size_t i = 0; out->len < PAGE; i++) {
		size_t used = i < count ? (headers[i].len + 28 + 15) / 16 : 0;
		buf_add(out, STR("Slot"));
		put_little(out, i < count ? (uint32_t)i + 1 : 0);
		put_little(out, i < count ? (uint32_t)(PAGE + blocks.len) / 16 : 0);
		put_little(out, (uint32_t)used);
		if (i >= count)
			continue;
		size_t end = blocks.len + used * 16;
		buf_add(&blocks, STR("BlbS"));
		put_little(&blocks, (uint32_t)i + 1);
		put_little(&blocks, 7);
		put_little(&blocks, (uint32_t)headers[i].len);
		buf_add(&blocks, buf_str(&headers[i]));
		while (blocks.len < end)
			buf_add_char(&blocks, 0);
	}
	buf_add(out, buf_str(&blocks));
}

static const struct value zypper[] = {
	{ 1000, "libzypp", 0 }, { 1001, "17.31", 0 },  { 1002, "1.1", 0 },
	{ 1003, NULL, 2 },      { 1022, "x86_64", 0 }, { 1044, "zypp-17.31-1.1.src.rpm", 0 },
};
static const struct value plain[] = { { 1000, "bash", 0 }, { 1001, "5.2", 0 }, { 1002, "3", 0 } };
static const struct value key[] = { { 1000, "gpg-pubkey", 0 }, { 1001, "1", 0 }, { 1002, "2", 0 } };
static const struct value hostile[] = { { 1000, "a\tb", 0 }, { 1001, "5.2", 0 }, { 1002, "3", 0 } };

static bool
read_root(void **state, struct arena *a, struct package_list *l)
{
	struct root r;

	assert_ok(root_open(&r, unit_path(state, "root"), &unit_err));
	bool ok = pkgdb_read(&r, a, l, &unit_err);
	root_close(&r);
	return ok;
}

static void
packages_with_their_sources(void **state)
{
	ARENA_AUTO a = { 0 };
	BUF_AUTO db = { 0 };
	struct buf headers[4] = { 0 };
	struct package_list l = { 0 };

	put_header(&headers[0], zypper, COUNT(zypper));
	put_header(&headers[1], plain, COUNT(plain));
	put_header(&headers[2], key, COUNT(key));
	put_header(&headers[3], hostile, COUNT(hostile));
	put_database(&db, headers, COUNT(headers));
	unit_put(state, "root/usr/lib/sysimage/rpm/Packages.db", buf_str(&db));
	assert_true(read_root(state, &a, &l));
	assert_string_equal(l.manager, "rpm");
	assert_int_equal(l.count, 2);
	assert_int_equal(l.bad, 1);
	assert_str(l.items[0].name, "bash");
	assert_str(l.items[0].version, "5.2-3");
	assert_str(l.items[1].name, "libzypp");
	assert_str(l.items[1].version, "2:17.31-1.1");
	assert_str(l.items[1].arch, "x86_64");
	assert_str(l.items[1].source, "zypp");
	/* Nothing is left behind in a root that is only looked at. */
	assert_false(file_exists(unit_path(state, "root/usr/lib/sysimage/rpm/rpmdb.sqlite")));
	for (size_t i = 0; i < COUNT(headers); i++)
		buf_free(&headers[i]);
}

static void
damage_is_counted_or_said(void **state)
{
	BUF_AUTO db = { 0 };
	struct buf headers[2] = { 0 };

	put_header(&headers[0], plain, COUNT(plain));
	put_header(&headers[1], zypper, COUNT(zypper));
	put_database(&db, headers, COUNT(headers));
	for (size_t len = 0; len <= db.len; len += len < 40 || len > PAGE ? 1 : 97) {
		ARENA_AUTO a = { 0 };
		struct package_list l = { 0 };
		unit_put(state, "root/usr/lib/sysimage/rpm/Packages.db", str_head(buf_str(&db), len));
		if (read_root(state, &a, &l))
			assert_int_equal(l.count + l.bad, 2);
		else
			assert_int_equal(unit_err.code, ERR_INPUT);
		assert_true(len >= PAGE || l.count == 0);
	}
	/* A header that says it is larger than its blocks. */
	ARENA_AUTO a = { 0 };
	struct package_list l = { 0 };
	memset(db.ptr + PAGE + 12, 0x7f, 3);
	unit_put(state, "root/usr/lib/sysimage/rpm/Packages.db", buf_str(&db));
	assert_true(read_root(state, &a, &l));
	assert_int_equal(l.count, 1);
	assert_int_equal(l.bad, 1);
	for (size_t i = 0; i < COUNT(headers); i++)
		buf_free(&headers[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		unit_test_in_folder(packages_with_their_sources),
		unit_test_in_folder(damage_is_counted_or_said),
	};

	return cmocka_run_group_tests_name("os/rpm-ndb", tests, NULL, NULL);
}
