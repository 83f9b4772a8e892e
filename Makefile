# The few words a newcomer needs. Meson does the work; each word may be said twice.
#   make run     build, start mamori with its own data folder, enrol this machine, print a sign-in link
#   make test    all tests; the last line counts them (make test ONLY=pattern runs some)
#   make build   build/mamori, build/mamori-agent
#   make bench   the benchmarks, beside a peer where one exists
#   make fuzz    each fuzz target for FUZZ_SECONDS (30)
#   make check   format, includes, style, cppcheck, clang-tidy, the dashboard's types
#   make install programs and service units below DESTDIR/PREFIX
#   make clean   remove what was built
.PHONY: all run test build bench fuzz check install clean
.NOTPARALLEL:

FUZZ_SECONDS ?= 30
PREFIX ?= /usr/local

all: build

run: build
	@exec build/mamori up $(ARGS)

# Only the programs: the tests are more than half of what there is to compile.
build:
	@tools/setup build
	@tools/build build -- programs

test:
	@tools/setup build test
	@tools/build build
	@exec python3 test/run.py $(ONLY)

bench: build
	@tools/build build
	@exec tools/bench $(ONLY)

fuzz:
	@tools/setup build check
	@exec tools/fuzz $(FUZZ_SECONDS) $(ONLY)

check:
	@tools/setup build check
	@exec tools/check

install: build
	@meson configure build -Dprefix=$(PREFIX)
	@tools/build build
	@DESTDIR=$(DESTDIR) meson install -C build --no-rebuild --quiet
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system $(DESTDIR)$(PREFIX)/lib/sysusers.d
	for unit in mamori mamori-agent; do sed 's|/usr/bin|$(PREFIX)/bin|' packaging/systemd/$$unit.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit.service; done
	install -m 644 packaging/sysusers/mamori.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d

clean:
	rm -rf build build-* web/dist .cache
