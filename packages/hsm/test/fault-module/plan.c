/* The plan, the counts and the log: NAME.plan, NAME.counts and NAME.log beside the module NAME. */
#include "fault.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST_PLAN 16384
#define MOST_PATH 4096

/* Shared by all processes that load the module: the n-th call is the n-th of them all, so a fault strikes once. */
struct counts {
  _Atomic uint64_t all;
  _Atomic uint64_t of[FUNCTIONS];
  /* Hash of the plan under which the token went away or flags were added; another plan ends both. */
  _Atomic uint64_t gone_under;
  _Atomic uint64_t flags_under;
  _Atomic uint64_t flags;
};

static struct counts *counts;

static void beside(char *path, const char *ending) {
  Dl_info self;
  if (!dladdr((void *)&function_names, &self)) abort();
  snprintf(path, MOST_PATH, "%s.%s", self.dli_fname, ending);
}

static void open_counts(void) {
  if (counts) return;
  char path[MOST_PATH];
  beside(path, "counts");
  const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ftruncate(file, sizeof *counts) != 0) abort();
  counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (counts == MAP_FAILED) abort();
}

/* The plan's text and its hash (FNV-1a). No file is a plan without faults. */
static uint64_t read_plan(char text[MOST_PLAN]) {
  char path[MOST_PATH];
  beside(path, "plan");
  text[0] = '\0';
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    const ssize_t got = read(file, text, MOST_PLAN - 1);
    text[got > 0 ? got : 0] = '\0';
    close(file);
  }
  uint64_t hash = 14695981039346656037u;
  for (const char *at = text; *at; at++) hash = (hash ^ (unsigned char)*at) * 1099511628211u;
  return hash;
}

static uint64_t plan_now(void) {
  char text[MOST_PLAN];
  open_counts();
  return read_plan(text);
}

bool plan_holds(void) {
  char text[MOST_PLAN];
  read_plan(text);
  return strstr(text, "=hold") != NULL;
}

bool token_is_gone(void) { return counts && counts->gone_under && counts->gone_under == plan_now(); }

void take_token_away(void) { counts->gone_under = plan_now(); }

unsigned long added_flags(void) {
  return counts && counts->flags_under && counts->flags_under == plan_now() ? counts->flags : 0;
}

void add_flags(unsigned long flags) {
  counts->flags = added_flags() | flags;
  counts->flags_under = plan_now();
}

/* N, N-, N-M or *. */
static bool covers(const char *when, uint64_t n) {
  if (strcmp(when, "*") == 0) return true;
  char *end;
  const uint64_t from = strtoull(when, &end, 10);
  if (*end == '\0') return n == from;
  if (*end != '-') return false;
  return n >= from && (end[1] == '\0' || n <= strtoull(end + 1, NULL, 10));
}

static void complain(const char *rule) {
  fprintf(stderr, "fault module: not a rule: %s\n", rule);
  abort();
}

/* FUNCTION@WHEN=FAULT, or any@WHEN=FAULT; one a line or parted by semicolons. The first that fits is taken. */
static struct fault look_up(char *plan, enum function function, uint64_t n, uint64_t all) {
  const struct fault fault = {0};
  char *rest;
  for (char *rule = strtok_r(plan, "\n;", &rest); rule; rule = strtok_r(NULL, "\n;", &rest)) {
    rule += strspn(rule, " \t");
    if (*rule == '\0' || *rule == '#') continue;
    char *at = strchr(rule, '@');
    char *is = at ? strchr(at, '=') : NULL;
    struct fault found;
    if (!is || !parse_fault(is + 1, &found)) complain(rule);
    *at = *is = '\0';
    const bool any = strcmp(rule, "any") == 0;
    if ((any || strcmp(rule, function_names[function]) == 0) && covers(at + 1, any ? all : n)) return found;
  }
  return fault;
}

static void note(const char *line) {
  char path[MOST_PATH];
  beside(path, "log");
  const int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return;
  if (write(file, line, strlen(line)) < 0) abort();
  close(file);
}

struct fault meet(enum function function) {
  open_counts();
  const uint64_t n = ++counts->of[function];
  const uint64_t all = ++counts->all;
  char plan[MOST_PLAN];
  read_plan(plan);
  const struct fault fault = look_up(plan, function, n, all);
  char line[128];
  snprintf(line, sizeof line, "%s%s %llu\n", fault.kind == NOTHING ? "" : "! ", function_names[function],
           (unsigned long long)n);
  note(line);
  return fault;
}
