/* Graphviz: from the text of a graph to a laid out SVG. */
#include <gvc.h>
#include <string.h>
#include "core/draw/draw_impl.h"

/* What it would print on stderr: the first complaint. */
static char complaint[256];

static int keep_complaint(char *text) {
  size_t n = strcspn(text, "\n");
  if (!complaint[0] && n) {
    if (n >= sizeof complaint) n = sizeof complaint - 1;
    memcpy(complaint, text, n);
    complaint[n] = '\0';
  }
  return 0;
}

/* Light colours are in the picture itself; these are for readers who like it dark. */
static const char dark[] =
    "<style>@media (prefers-color-scheme: dark) {"
    "svg { background: #1b1f23 } .graph > polygon { fill: #1b1f23; stroke: none }"
    "text { fill: #dfe4e8 } .edge path { stroke: #7d8893 }"
    ".edge polygon { fill: #7d8893; stroke: #7d8893 }"
    ".attention.edge path { stroke: #d8a94f } "
    ".attention.edge polygon { fill: #d8a94f; stroke: #d8a94f }"
    ".module > path, .module > polygon { fill: #23292f; stroke: #47525c }"
    ".attention.cluster > path, .attention.cluster > polygon { fill: #352b16; stroke: #c98f22 }"
    ".node path, .node polygon { fill: #2b3238; stroke: #5a6670 }"
    ".input polygon { fill: #20384d; stroke: #6f93b5 }"
    ".learned polygon { fill: #352d44; stroke: #9c8bb8 }"
    ".score path, .refine path, .context path { fill: #463919; stroke: #d8a94f }"
    ".weigh path { fill: #6b5118; stroke: #e6b450 }"
    ".output path { fill: #203d2a; stroke: #5f9a6e }"
    ".loss polygon { fill: #4a2a28; stroke: #bd6a63 }"
    "}</style>\n";

static void add_title(at_text *out, const char *title) {
  at_text_add(out, "<title>");
  for (; *title; title++) {
    if (*title == '&' || *title == '<' || *title == '>')
      at_text_addf(out, "&#%d;", *title);
    else
      at_text_addn(out, title, 1);
  }
  at_text_add(out, "</title>\n");
}

/* From the element svg on, title and style first; what stands before it names a DTD elsewhere. */
static at_status take_svg(const char *svg, size_t n, const char *title, at_text *out,
                          at_error *err) {
  const char *begin = strstr(svg, "<svg"), *end = begin ? strchr(begin, '>') : NULL;
  if (!end) return at_fail(err, AT_EFAIL, "Graphviz gave no SVG");
  at_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
  at_text_addn(out, begin, (size_t)(end - begin) + 1);
  at_text_add(out, "\n");
  add_title(out, title);
  at_text_add(out, dark);
  at_text_addn(out, end + 1, n - (size_t)(end + 1 - svg));
  return out->failed ? at_nomem(err) : AT_OK;
}

at_status at_draw_layout(const char *dot, const char *title, at_text *out, at_error *err) {
  at_status s = AT_EFAIL;
  char *svg = NULL;
  unsigned n = 0;
  complaint[0] = '\0';
  GVC_t *gvc = gvContext();
  agusererrf old = agseterrf(keep_complaint);
  Agraph_t *g = gvc ? agmemread(dot) : NULL;
  bool laid_out = g && gvLayout(gvc, g, "dot") == 0;
  if (laid_out && gvRenderData(gvc, g, "svg", &svg, &n) == 0 && svg)
    s = take_svg(svg, n, title, out, err);
  else
    at_fail(err, AT_EFAIL, "Graphviz cannot lay out the picture%s%s", complaint[0] ? ": " : "",
            complaint);
  if (svg) gvFreeRenderData(svg);
  if (laid_out) gvFreeLayout(gvc, g);
  if (g) agclose(g);
  if (gvc) gvFreeContext(gvc);
  agseterrf(old);
  return s;
}
