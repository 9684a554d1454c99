/* Precomputed regions as users of SCAN have them on disk: {split}_ims.npy and {split}_caps.txt. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "captioned.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder of the files"},
    {"boxes", ATTUNE_OPTION_BOOL, "false", 0, 0, NULL,
     "whether {split}_boxes.npy [N, regions, 4] lies beside them: x, y, width, height in pixels"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

/* ---- .npy files, used where they lie ---- */

typedef struct npy {
  unsigned char *map;
  size_t bytes, offset;
  int64_t shape[3];
} npy;

static int bad_npy(const attune_host *host, const char *path, const char *why) {
  host->error(host, "%s: %s; a float32 array [N, regions, features] in C order is needed", path,
              why);
  return ATTUNE_BAD_INPUT;
}

/* The shape out of "{'descr': '<f4', 'fortran_order': False, 'shape': (N, R, F), }". */
static int parse_header(const attune_host *host, const char *path, const char *h, npy *a) {
  const char *descr = strstr(h, "'descr'"), *order = strstr(h, "'fortran_order'"),
             *shape = strstr(h, "'shape'");
  if (!descr || !order || !shape) return bad_npy(host, path, "its header is damaged");
  if (!(descr = strchr(descr + 7, '\'')) || strncmp(descr, "'<f4'", 5))
    return bad_npy(host, path, "it is of another type");
  order += strcspn(order, ":");
  if (strncmp(order + strspn(order, ": "), "False", 5))
    return bad_npy(host, path, "it is in Fortran order");
  if (!(shape = strchr(shape, '('))) return bad_npy(host, path, "its header is damaged");
  shape++;
  for (int i = 0; i < 3; i++) {
    char *end;
    errno = 0;
    long long v = strtoll(shape, &end, 10);
    if (end == shape || errno || v < 0 || v > (1ll << 40))
      return bad_npy(host, path, "it has not three axes");
    a->shape[i] = v;
    shape = end + strspn(end, ", ");
  }
  return *shape == ')' ? ATTUNE_OK : bad_npy(host, path, "it has not three axes");
}

static int check_npy(const attune_host *host, const char *path, npy *a) {
  char header[1024];
  size_t length, begin;
  if (a->bytes < 12 || memcmp(a->map, "\x93NUMPY", 6))
    return bad_npy(host, path, "it is no .npy file");
  bool wide = a->map[6] >= 2;
  begin = wide ? 12 : 10;
  length = (size_t)a->map[8] | (size_t)a->map[9] << 8;
  if (wide) length |= (size_t)a->map[10] << 16 | (size_t)a->map[11] << 24;
  if (length >= sizeof header || begin + length > a->bytes)
    return bad_npy(host, path, "its header is damaged");
  memcpy(header, a->map + begin, length);
  header[length] = 0;
  int rc = parse_header(host, path, header, a);
  if (rc) return rc;
  a->offset = begin + length;
  unsigned __int128 need =
      (unsigned __int128)a->shape[0] * (uint64_t)a->shape[1] * (uint64_t)a->shape[2] * 4;
  if (need != a->bytes - a->offset) {
    host->error(host,
                "%s: it should hold %lld x %lld x %lld numbers, but is %zu bytes long; it was cut "
                "short or damaged",
                path, (long long)a->shape[0], (long long)a->shape[1], (long long)a->shape[2],
                a->bytes);
    return ATTUNE_BAD_INPUT;
  }
  return ATTUNE_OK;
}

static int open_npy(const attune_host *host, const char *path, npy *a) {
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  memset(a, 0, sizeof *a);
  if (fd < 0 || fstat(fd, &st)) {
    host->error(host, "%s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    return ATTUNE_BAD_INPUT;
  }
  void *p =
      st.st_size > 0 ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
  close(fd);
  if (p == MAP_FAILED) return bad_npy(host, path, "it is empty or cannot be mapped");
  a->map = p;
  a->bytes = (size_t)st.st_size;
  return check_npy(host, path, a);
}

static const float *row_of(const npy *a, int64_t row) {
  return (const float *)(const void *)(a->map + a->offset) + row * a->shape[1] * a->shape[2];
}

/* Pages that lie in a row altogether: what was copied out of them is not kept in memory twice. The
 * file is read again where the row is. */
static void let_go(const npy *a, int64_t row) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE),
               bytes = (size_t)(a->shape[1] * a->shape[2]) * sizeof(float),
               begin = (a->offset + (size_t)row * bytes + page - 1) / page * page,
               end = (a->offset + ((size_t)row + 1) * bytes) / page * page;
  if (end > begin) madvise(a->map + begin, end - begin, MADV_DONTNEED);
}

/* ---- splits ---- */

typedef struct part {
  const char *name;
  npy images, boxes;
  char *text; /* of the caption file; captions point into it */
  char **caption;
  int64_t captions, per_image;
} part;

enum { MOST_PARTS = 6 };
typedef struct precomp {
  part part[MOST_PARTS];
  int parts;
  uint32_t image, name, boxes, text, link;
} precomp;

static void close_precomp(void *instance) {
  precomp *p = instance;
  for (int i = 0; i < p->parts; i++) {
    if (p->part[i].images.map) munmap(p->part[i].images.map, p->part[i].images.bytes);
    if (p->part[i].boxes.map) munmap(p->part[i].boxes.map, p->part[i].boxes.bytes);
    free(p->part[i].text);
    free(p->part[i].caption);
  }
  free(p);
}

static int open_captions(const attune_host *host, const char *path, part *p) {
  size_t n, length, most = 1;
  int rc = file_read(host, path, &p->text, &n);
  if (rc) return rc;
  for (const char *c = p->text; *c; c++) most += *c == '\n';
  p->caption = calloc(most, sizeof *p->caption);
  if (!p->caption) return ATTUNE_NO_MEMORY;
  for (char *at = p->text, *l; (l = next_line(&at, &length));) p->caption[p->captions++] = l;
  int64_t images = p->images.shape[0];
  if (!images || !p->captions) {
    host->error(host, "%s: the split `%s` is empty", path, p->name);
    return ATTUNE_BAD_INPUT;
  }
  p->per_image = p->captions / images;
  if (p->captions % images) {
    host->error(host,
                "%s: it has %lld lines for the %lld pictures of %s_ims.npy; each picture needs as "
                "many, that is "
                "%lld or %lld lines",
                path, (long long)p->captions, (long long)images, p->name,
                (long long)(p->per_image * images), (long long)((p->per_image + 1) * images));
    return ATTUNE_BAD_INPUT;
  }
  return ATTUNE_OK;
}

static int open_part(const attune_host *host, const char *root, const char *name, bool boxes,
                     part *p) {
  char path[4096];
  p->name = name;
  snprintf(path, sizeof path, "%s/%s_ims.npy", root, name);
  int rc = open_npy(host, path, &p->images);
  if (rc) return rc;
  snprintf(path, sizeof path, "%s/%s_caps.txt", root, name);
  if ((rc = open_captions(host, path, p)) || !boxes) return rc;
  snprintf(path, sizeof path, "%s/%s_boxes.npy", root, name);
  if ((rc = open_npy(host, path, &p->boxes))) return rc;
  if (p->boxes.shape[0] == p->images.shape[0] && p->boxes.shape[1] == p->images.shape[1] &&
      p->boxes.shape[2] == 4)
    return ATTUNE_OK;
  host->error(host, "%s: it is not [%lld, %lld, 4] as the pictures need it", path,
              (long long)p->images.shape[0], (long long)p->images.shape[1]);
  return ATTUNE_BAD_INPUT;
}

static int declare(const attune_host *host, attune_schema *schema, precomp *p, bool boxes) {
  int rc = ATTUNE_OK;
  const npy *first = &p->part[0].images;
  for (int i = 0; i < p->parts && !rc; i++) {
    const part *t = &p->part[i];
    if (t->images.shape[1] != first->shape[1] || t->images.shape[2] != first->shape[2]) {
      host->error(host, "%s_ims.npy and %s_ims.npy differ in their regions or features",
                  p->part[0].name, t->name);
      return ATTUNE_BAD_INPUT;
    }
    rc = host->table(schema, t->name, "picture", t->images.shape[0]);
    if (!rc) rc = host->table(schema, t->name, "caption", t->captions);
  }
  struct {
    const char *table;
    attune_field f;
    uint32_t *number;
    bool wanted;
  } fields[] = {
      {"picture",
       {.name = "image",
        .type = ATTUNE_FIELD_REAL,
        .ndim = 2,
        .shape = {first->shape[1], first->shape[2]},
        .axes = "region feature"},
       &p->image,
       true},
      {"picture", {.name = "name", .type = ATTUNE_FIELD_NAME}, &p->name, true},
      {"picture", {.name = "boxes", .type = ATTUNE_FIELD_BOXES}, &p->boxes, boxes},
      {"caption", {.name = "text", .type = ATTUNE_FIELD_TEXT}, &p->text, true},
      {"caption",
       {.name = "picture", .type = ATTUNE_FIELD_LINK, .link = "picture"},
       &p->link,
       true},
  };
  p->boxes = UINT32_MAX;
  for (size_t i = 0; i < sizeof fields / sizeof *fields && !rc; i++) {
    if (!fields[i].wanted) continue;
    int number = host->field(schema, fields[i].table, &fields[i].f);
    if (number < 0)
      rc = number;
    else
      *fields[i].number = (uint32_t)number;
  }
  return rc;
}

static int open_scan(const attune_host *host, const attune_options *options, attune_schema *schema,
                     void **instance) {
  static const char *const names[MOST_PARTS] = {"train", "dev",     "val",
                                                "test",  "testall", "restval"};
  const char *root = host->option_text(options, "root");
  bool boxes = host->option_int(options, "boxes") != 0;
  precomp *p = calloc(1, sizeof *p);
  int rc = p ? ATTUNE_OK : ATTUNE_NO_MEMORY;
  for (int i = 0; i < MOST_PARTS && !rc; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s_ims.npy", root, names[i]);
    if (access(path, F_OK)) continue;
    rc = open_part(host, root, names[i], boxes, &p->part[p->parts++]);
  }
  if (!rc && !p->parts) {
    host->error(host, "%s: there is no train_ims.npy, dev_ims.npy or test_ims.npy", root);
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc) rc = declare(host, schema, p, boxes);
  if (!rc)
    *instance = p;
  else if (p)
    close_precomp(p);
  return rc;
}

static int read_scan(const attune_host *host, void *instance, const char *of, uint32_t field,
                     int64_t row, void *dst, attune_sink *sink) {
  const precomp *p = instance;
  const part *t = NULL;
  char name[96];
  for (int i = 0; i < p->parts; i++)
    if (!strcmp(p->part[i].name, of)) t = &p->part[i];
  int64_t rows = !t ? 0 : field == p->text || field == p->link ? t->captions : t->images.shape[0];
  if (row < 0 || row >= rows) {
    host->error(host, "there is no row %lld in the split `%s`", (long long)row, of);
    return ATTUNE_FAILED;
  }
  if (field == p->text) return host->text(sink, t->caption[row], strlen(t->caption[row]));
  if (field == p->link)
    *(int64_t *)dst = row / t->per_image;
  else if (field == p->image) {
    memcpy(dst, row_of(&t->images, row),
           (size_t)(t->images.shape[1] * t->images.shape[2]) * sizeof(float));
    let_go(&t->images, row);
  } else if (field == p->boxes)
    return host->boxes(sink, row_of(&t->boxes, row), t->boxes.shape[1]);
  else {
    int n = snprintf(name, sizeof name, "%s %lld", of, (long long)row);
    return host->text(sink, name, (size_t)n);
  }
  return ATTUNE_OK;
}

static const attune_data scan_precomp = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "scan_precomp",
             "region features and captions as SCAN has them",
             "{split}_ims.npy [N, regions, features] and {split}_caps.txt, one caption a line: "
             "with 5 N lines, lines 5 i to\n"
             "5 i + 4 belong to picture i; with N lines, one each. Splits: those of train, dev, "
             "val, test, testall that are\n"
             "there. Arrays are mapped, not read: they may be larger than memory.",
             options_table},
    .open = open_scan,
    .read = read_scan,
    .close = close_precomp,
};
static const attune_item *const items[] = {&scan_precomp.item};
ATTUNE_PLUGIN("scan_precomp", "1.0", "Apache-2.0", items)
