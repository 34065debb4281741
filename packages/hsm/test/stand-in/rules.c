#include "rules.h"

#include "../fault-module/names.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct rules rules;

const char *const function_names[FUNCTIONS] = {
#define FUNCTION(name, parameters, arguments, session, output) #name,
#include "../fault-module/functions.h"
#undef FUNCTION
};

static const char *const how_names[HOWS] = {"generate", "pair", "create", "unwrap", "derive", "copy", "set"};
static const char *const class_names[CLASSES] = {"secret", "private", "public", "other"};

static const struct {
  const char *name;
  unsigned long flag;
} uses[] = {
    {"encrypt", CKF_ENCRYPT},   {"decrypt", CKF_DECRYPT}, {"digest", CKF_DIGEST},
    {"sign", CKF_SIGN},         {"verify", CKF_VERIFY},   {"generate", CKF_GENERATE},
    {"pair", CKF_GENERATE_KEY_PAIR}, {"wrap", CKF_WRAP},  {"unwrap", CKF_UNWRAP},
    {"derive", CKF_DERIVE},
};

#define EACH(list) (size_t at = 0; at < sizeof(list) / sizeof(*list); at++)

static const char *line_now;

static void complain(void) {
  fprintf(stderr, "stand-in: not a rule: %s\n", line_now);
  abort();
}

/* The next word, or an empty one. */
static char *word(char **rest) {
  char *at = *rest + strspn(*rest, " \t");
  char *end = at + strcspn(at, " \t");
  *rest = *end ? end + 1 : end;
  *end = '\0';
  return at;
}

static unsigned long code(char **rest) {
  unsigned long value;
  if (!parse_code(word(rest), &value)) complain();
  return value;
}

static unsigned long number(char **rest) {
  char *end;
  const char *text = word(rest);
  const unsigned long value = strtoul(text, &end, 0);
  if (end == text || *end != '\0') complain();
  return value;
}

/* NAME,NAME or any, as bits. */
static unsigned bits(char *text, const char *const *names, size_t count) {
  unsigned found = 0;
  if (strcmp(text, "any") == 0) return ~0u;
  for (char *rest, *one = strtok_r(text, ",", &rest); one; one = strtok_r(NULL, ",", &rest)) {
    size_t at = 0;
    while (at < count && strcmp(names[at], one) != 0) at++;
    if (at == count) complain();
    found |= 1u << at;
  }
  return found;
}

/* NAME or NAME=0, up to a comma or the end. Gives how much of it was read. */
static size_t attribute(const char *text, struct rule *rule) {
  const size_t length = strcspn(text, ",=");
  size_t read = length;
  rule->flag = -1;
  rule->any = length == 1 && *text == '*';
  if (!rule->any && !attribute_named(text, length, &rule->type)) complain();
  if (text[read] == '=') {
    if (text[read + 1] != '0' && text[read + 1] != '1') complain();
    rule->flag = text[read + 1] - '0';
    read += 2;
  }
  return read;
}

static void act(const char *text, struct rule *rule) {
  static const struct {
    const char *name;
    enum action action;
  } actions[] = {{"take", TAKE},           {"drop", DROP}, {"absent", ABSENT}, {"absent-ok", ABSENT_OK},
                 {"id", ID_INSTEAD}, {"odd-length", ODD_LENGTH}};
  for EACH(actions) {
    if (strcmp(actions[at].name, text) != 0) continue;
    rule->action = actions[at].action;
    return;
  }
  if (*text == '=' && (text[1] == '0' || text[1] == '1') && text[2] == '\0') {
    rule->action = REPLACE;
    rule->value = (unsigned long)(text[1] - '0');
    return;
  }
  rule->action = REFUSE;
  if (!parse_code(text, &rule->value)) complain();
}

/* One rule for each attribute of the list: NAME,NAME=0 ACTION. */
static void attributes(struct rule rule, char *rest, struct rule *list, size_t *count, size_t most) {
  const char *names = word(&rest);
  act(word(&rest), &rule);
  for (;;) {
    if (*count == most) complain();
    names += attribute(names, &rule);
    list[(*count)++] = rule;
    if (*names != ',') break;
    names++;
  }
}

#define MOST(list) (sizeof(list) / sizeof(*(list)))

static void template_rule(char *rest) {
  struct rule rule = {0};
  rule.hows = bits(word(&rest), how_names, HOWS);
  rule.classes = bits(word(&rest), class_names, CLASSES);
  attributes(rule, rest, rules.templates, &rules.template_count, MOST(rules.templates));
}

static void read_rule(char *rest) {
  struct rule rule = {.hows = ~0u};
  rule.classes = bits(word(&rest), class_names, CLASSES);
  attributes(rule, rest, rules.readings, &rules.reading_count, MOST(rules.readings));
}

/* HOW CLASS NAME=1: what the token puts there when nothing is said. */
static void default_rule(char *rest) {
  struct rule rule = {0};
  rule.hows = bits(word(&rest), how_names, HOWS);
  rule.classes = bits(word(&rest), class_names, CLASSES);
  attribute(word(&rest), &rule);
  if (rule.flag < 0 || rules.default_count == MOST(rules.defaults)) complain();
  rules.defaults[rules.default_count++] = rule;
}

/* NUMBER or NUMBER=THE LIBRARY'S, then what it does: nothing (-), or not even listed (absent). */
static void mechanism_rule(char *rest) {
  if (rules.mechanism_count == MOST(rules.mechanisms)) complain();
  struct mechanism *one = &rules.mechanisms[rules.mechanism_count++];
  char *end;
  const char *numbers = word(&rest);
  one->number = one->real = strtoul(numbers, &end, 16);
  if (*end == '=') one->real = strtoul(end + 1, &end, 16);
  if (end == numbers || *end != '\0') complain();
  for (char *use = word(&rest); *use && strcmp(use, "-") != 0; use = word(&rest)) {
    unsigned long flag = 0;
    if (strcmp(use, "absent") == 0) {
      one->absent = true;
      break;
    }
    for EACH(uses) if (strcmp(uses[at].name, use) == 0) flag = uses[at].flag;
    if (!flag) complain();
    one->flags |= flag;
  }
}

static void function_rule(char *rest, unsigned long *answers) {
  const char *name = word(&rest);
  size_t at = 0;
  while (at < FUNCTIONS && strcmp(function_names[at], name) != 0) at++;
  if (at == FUNCTIONS) complain();
  answers[at] = code(&rest);
}

static void say(char *rest) {
  static const struct {
    const char *name;
    struct saying *saying;
  } sayings[] = {
      {"library-maker", &rules.library_maker}, {"library-name", &rules.library_name},
      {"slot-maker", &rules.slot_maker},       {"slot-name", &rules.slot_name},
      {"maker", &rules.maker},                 {"model", &rules.model},
      {"label", &rules.label},                 {"serial", &rules.serial},
      {"serial-until-so", &rules.serial_until_so},
  };
  const char *name = word(&rest);
  rest += strspn(rest, " \t");
  for EACH(sayings) {
    if (strcmp(sayings[at].name, name) != 0) continue;
    sayings[at].saying->said = true;
    snprintf(sayings[at].saying->text, sizeof sayings[at].saying->text, "%s", rest);
    return;
  }
  complain();
}

static struct limit limit(char *rest) {
  struct limit found = {.most = number(&rest)};
  found.code = code(&rest);
  return found;
}

static void rule(char *text) {
  char *rest = text;
  const char *kind = word(&rest);
  if (strcmp(kind, "say") == 0) say(rest);
  else if (strcmp(kind, "template") == 0) template_rule(rest);
  else if (strcmp(kind, "default") == 0) default_rule(rest);
  else if (strcmp(kind, "read") == 0) read_rule(rest);
  else if (strcmp(kind, "mechanism") == 0) mechanism_rule(rest);
  else if (strcmp(kind, "mechanisms-only") == 0) rules.only = true;
  else if (strcmp(kind, "function") == 0) function_rule(rest, rules.refusals);
  else if (strcmp(kind, "without-so") == 0) function_rule(rest, rules.without_so);
  else if (strcmp(kind, "so-is-user") == 0) rules.so_is_user = true;
  else if (strcmp(kind, "so-login") == 0) rules.so_login = code(&rest);
  else if (strcmp(kind, "read-only") == 0) rules.read_only = code(&rest);
  else if (strcmp(kind, "same-id") == 0) rules.same_id = code(&rest);
  else if (strcmp(kind, "idle") == 0) rules.idle = code(&rest);
  else if (strcmp(kind, "sessions") == 0) rules.sessions = limit(rest);
  else if (strcmp(kind, "gcm-appended") == 0) rules.gcm_appended = number(&rest);
  else if (strcmp(kind, "gcm-written") == 0) rules.gcm_written = number(&rest);
  else if (strcmp(kind, "pin") == 0) {
    rules.shortest_pin = number(&rest);
    rules.longest_pin = number(&rest);
  } else complain();
}

static void path_beside(const char *ending, char *path, size_t size) {
  Dl_info self;
  if (!dladdr((void *)&function_names, &self)) abort();
  snprintf(path, size, "%s%s", self.dli_fname, ending);
}

bool beside(const char *ending) {
  char path[4096];
  path_beside(ending, path, sizeof path);
  return unlink(path) == 0;
}

void read_rules(void) {
  char path[4096], line[1024], copy[1024];
  path_beside(".rules", path, sizeof path);
  FILE *file = fopen(path, "r");
  if (!file) abort();
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\r\n")] = '\0';
    snprintf(copy, sizeof copy, "%s", line);
    line_now = copy;
    if (*line) rule(line);
  }
  fclose(file);
}

static bool fits(const struct rule *rule, enum how how, enum class class, const struct ck_attribute *one) {
  if (!(rule->hows & 1u << how) || !(rule->classes & 1u << class)) return false;
  if (!rule->any && rule->type != one->type) return false;
  return rule->flag < 0 || (one->value && one->value_len == 1 && *(const unsigned char *)one->value == rule->flag);
}

const struct rule *rule_for(const struct rule *list, size_t count, enum how how, enum class class,
                            const struct ck_attribute *one) {
  for (size_t at = 0; at < count; at++)
    if (fits(&list[at], how, class, one)) return &list[at];
  return NULL;
}

const struct mechanism *mechanism_for(unsigned long asked, unsigned long flag) {
  static _Thread_local struct mechanism same;
  for (size_t at = 0; at < rules.mechanism_count; at++) {
    const struct mechanism *one = &rules.mechanisms[at];
    if (one->number == asked) return !one->absent && (one->flags & flag || flag == 0) ? one : NULL;
  }
  same = (struct mechanism){asked, asked, ~0ul, false};
  return rules.only ? NULL : &same;
}
