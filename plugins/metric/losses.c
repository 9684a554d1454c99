/* What a model's losses are on a split, by name. */
#include <attune/plugin.h>
#include <stdio.h>
#include <string.h>

static const attune_option options_table[] = {
    {"of", ATTUNE_OPTION_STRING, "", 0, 0, NULL, "only the loss of that name; empty: all"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *p, attune_results *results) {
  attune_array v, names;
  const char *of = host->option_text(options, "of");
  int rc = host->prediction(p, "loss", &v), found = 0;
  if (!rc) rc = host->prediction(p, "loss_names", &names);
  if (rc) return rc;
  const float *loss = v.data;
  const char *at = names.data, *end = at + names.shape[0];
  for (int64_t i = 0; !rc && i < v.shape[0] && at < end; i++, at += strlen(at) + 1) {
    char name[80];
    if (*of && strcmp(of, at)) continue;
    found = 1;
    snprintf(name, sizeof name, "loss_%.60s", at);
    rc = host->result(results, strcmp(at, "loss") ? name : at, (double)loss[i],
                      v.shape[0] > 1 ? -1 : 0);
  }
  if (rc || found) return rc;
  host->error(host, "the model has no loss `%s`", of);
  return ATTUNE_BAD_INPUT;
}

static const attune_metric losses = {
    .item =
        {sizeof(attune_metric), ATTUNE_METRIC, "losses", "the model's losses",
         "loss_NAME of each named loss, or `loss`: the mean over a split, as in evaluation "
         "(no dropout, running\n"
         "averages in batch norms). Of several losses, which work against each other, less is not "
         "better.",
         options_table},
    .task = "generation",
    .compute = compute,
};
static const attune_item *const items[] = {&losses.item};
ATTUNE_PLUGIN("losses", "1.0", "Apache-2.0", items)
