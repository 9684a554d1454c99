/* A shared object that is no plugin. */
int attune_test_no_entry(void);
int attune_test_no_entry(void) { return 1; }
