#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stddef.h>

/* A code by its name, or a number. */
bool parse_code(const char *text, unsigned long *code);
/* An attribute by its name without CKA_, of so many characters. */
bool attribute_named(const char *text, size_t length, unsigned long *type);

#endif
