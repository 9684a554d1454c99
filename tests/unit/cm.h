/* What CMocka wants included before it, in the order it wants. */
#ifndef TESTS_CM_H
#define TESTS_CM_H
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#endif
