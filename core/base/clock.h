/* Time that only goes forward. */
#ifndef AT_BASE_CLOCK_H
#define AT_BASE_CLOCK_H

/* Seconds since some moment in the past. Thread-safe. */
double at_clock(void);
#endif
