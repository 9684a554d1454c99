#include "picture_network.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int picture_network_open(const attune_host *host, const attune_options *o, const char *outputs,
                         const attune_pictures *b, attune_network **out) {
  attune_network_spec s = {.size = sizeof s,
                           .model = host->option_text(o, "network"),
                           .weights = host->option_text(o, "weights"),
                           .arguments = host->option_text(o, "arguments"),
                           .outputs = outputs,
                           .height = b->height,
                           .width = b->width};
  const int64_t pixels = host->option_int(o, "pixels");
  s.pixels = pixels == 1   ? ATTUNE_PIXELS_UNIT
             : pixels == 2 ? ATTUNE_PIXELS_SIGNED
                           : ATTUNE_PIXELS_RUN;
  return host->network(host, &s, out);
}

static int append(const attune_host *host, attune_network *net, const char *output, int64_t count,
                  int64_t total, picture_rows *rows) {
  attune_array a;
  int rc = host->network_output(net, output, &a);
  if (rc) return rc;
  int64_t width = 1;
  for (uint32_t d = 1; d < a.ndim; d++) width *= a.shape[d];
  if (!rows->v) {
    rows->v = calloc((size_t)(total * width) + 1, sizeof *rows->v);
    if (!rows->v) return ATTUNE_NO_MEMORY;
    rows->total = total;
    rows->width = width;
  }
  if (width != rows->width || rows->n + count > rows->total) {
    host->error(host, "the network `%s` gives %lld numbers where it gave %lld",
                host->network_name(net), (long long)(width * (rows->n + count)),
                (long long)(rows->width * rows->total));
    return ATTUNE_FAILED;
  }
  memcpy(rows->v + rows->n * width, a.data, (size_t)(count * width) * sizeof *rows->v);
  rows->n += count;
  return ATTUNE_OK;
}

int picture_rows_see(const attune_host *host, attune_network *net, const char *output,
                     const uint8_t *rgb, int64_t count, int64_t height, int64_t width,
                     int64_t total, picture_rows *rows) {
  const int rc = host->network_see(net, rgb, count, height, width);
  return rc ? rc : append(host, net, output, count, total, rows);
}

int picture_rows_read(const attune_host *host, attune_network *net, const char *output,
                      const char *const *text, int64_t count, int64_t total, picture_rows *rows) {
  const int rc = host->network_read(net, text, count);
  return rc ? rc : append(host, net, output, count, total, rows);
}

void picture_result_name(char out[64], const char *what, const char *network) {
  snprintf(out, 64, "%.30s.%.30s", what, network);
}

int picture_result_spread(const attune_host *host, attune_results *r, const char *what,
                          const char *network, const spread *v, int higher_is_better) {
  char name[64], deviation[64];
  picture_result_name(name, what, network);
  const int rc = host->result(r, name, v->mean, higher_is_better);
  snprintf(deviation, sizeof deviation, "%s_deviation", what);
  picture_result_name(name, deviation, network);
  return rc ? rc : host->result(r, name, v->deviation, -1);
}
