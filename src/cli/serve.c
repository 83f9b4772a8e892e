/* mamori init, mamori serve. */
#include "cli/verbs.h"
#include "server/server.h"

#include <pthread.h>
#include <unistd.h>

static int
init_run(struct cli *c, int argc, char **argv)
{
	const char *name = NULL, *listen = CLI_DEFAULT_LISTEN;
	const struct cli_option options[] = {
		{ "name", "NAME", "DNS name or address by which machines reach this server", &name, NULL, NULL },
		{ "listen", "ADDR:PORT", "Where the dashboard will listen (default: 127.0.0.1:8443)", &listen, NULL,
		  NULL },
	};
	struct err e = { 0 };
	int operands = 0;
	bool created = false;
	BUF_AUTO link = { 0 };
	if (!cli_parse(c, &verb_init, options, COUNT(options), argc, argv, &operands, &e) ||
	    !server_init(c->data, name, listen, c->clock, &created, &link, &e))
		return cli_fail(c, &e);
	if (c->json) {
		BUF_AUTO out = { 0 };
		struct json_writer w = { .out = &out };
		json_begin_object(&w);
		json_put_cstr(&w, "data", c->data);
		json_put_bool(&w, "created", created);
		json_key(&w, "link");
		json_str_or_null(&w, created ? buf_str(&link) : STR_NONE);
		json_end_object(&w);
		cli_print_line(&out);
	} else if (created) {
		fprintf(stderr, tr("%s is ready. Start it with: mamori serve --data %s"), c->data, c->data);
		fputc('\n', stderr);
		puts(buf_cstr(&link));
	} else {
		fprintf(stderr,
			tr("%s is a state folder already; nothing was changed. For a new sign-in link: mamori signin"),
			c->data);
		fputc('\n', stderr);
	}
	return 0;
}

struct ready {
	int fd;
	const struct server_options *options;
};

/* Prints the ready line when the server says that all listeners accept. */
static void *
ready_wait(void *arg)
{
	const struct ready *r = arg;
	char byte;
	if (read(r->fd, &byte, 1) == 1) {
		printf(tr("mamori is ready: dashboard https://%s, agents %s"), r->options->listen, r->options->agents);
		printf("\n");
		fflush(stdout);
	}
	return NULL;
}

static int
serve_run(struct cli *c, int argc, char **argv)
{
	struct server_options o = { .data = c->data,
				    .listen = CLI_DEFAULT_LISTEN,
				    .agents = CLI_DEFAULT_AGENTS,
				    .clock = c->clock,
				    .ready_fd = -1 };
	const struct cli_option options[] = {
		{ "listen", "ADDR:PORT", "Where the dashboard listens (default: 127.0.0.1:8443)", &o.listen, NULL,
		  NULL },
		{ "agents", "ADDR:PORT", "Where agents check in (default: 127.0.0.1:8444)", &o.agents, NULL, NULL },
		{ "name", "NAME", "DNS name or address by which machines reach this server", &o.name, NULL, NULL },
		{ "exposure-store", "URL",
		  "Where the page of exposure reads: clickhouse://HOST:8123/DATABASE instead of the files below --data",
		  &o.exposure_store, NULL, NULL },
	};
	struct err e = { 0 };
	int operands = 0, pipe_fds[2];
	if (!cli_parse(c, &verb_serve, options, COUNT(options), argc, argv, &operands, &e))
		return cli_fail(c, &e);
	o.data = c->data;
	if (pipe(pipe_fds) != 0) {
		err_sys(&e, "making a pipe");
		return cli_fail(c, &e);
	}
	o.ready_fd = pipe_fds[1];
	struct ready ready = { pipe_fds[0], &o };
	pthread_t thread;
	bool watching = pthread_create(&thread, NULL, ready_wait, &ready) == 0;
	bool ok = server_serve(&o, &e);
	close(pipe_fds[1]); /* ends the watcher when the server never became ready */
	if (watching)
		pthread_join(thread, NULL);
	close(pipe_fds[0]);
	return ok ? 0 : cli_fail(c, &e);
}

const struct cli_verb verb_init = {
	"init",
	"",
	"Make a state folder: database, keys, certificate authority; prints a sign-in link",
	"  mamori init --data /srv/mamori --name mamori.hospital.example --listen 10.0.0.5:8443",
	init_run,
};
const struct cli_verb verb_serve = {
	"serve",          "",
	"Run the server", "  mamori serve --data /srv/mamori --listen 10.0.0.5:8443 --agents 10.0.0.5:8444",
	serve_run,
};
