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

build:
	@tools/setup build
	@tools/build build

test:
	@tools/setup build test
	@tools/build build
	@exec python3 test/run.py $(ONLY)

bench: build
	@exec tools/bench $(ONLY)

fuzz:
	@tools/setup build check
	@exec tools/fuzz $(FUZZ_SECONDS) $(ONLY)

check:
	@tools/setup build check
	@exec tools/check

install: build
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system
	install -m 755 -s build/mamori build/mamori-agent $(DESTDIR)$(PREFIX)/bin
	install -m 644 packaging/systemd/*.service $(DESTDIR)$(PREFIX)/lib/systemd/system

clean:
	rm -rf build build-* web/dist .cache
