/* SPDX-License-Identifier: Apache-2.0 */
/* data: packs hold what the data set held, come out the same every time, and do not trust their index. */
#include "test_data.h"

#include <signal.h>
#include <sys/resource.h>
#include <zlib.h>

#include "data/archives/ustar.h"
#include "data/dataset.h"
#include "data/source.h"
#include "data/store.h"

/* ---- helpers ---- */

static fv_dataset *open_whole(const char *name)
{
    fv_dataset *d = fv_dataset_open(in_root(name), .validation_split = FV_OFF);
    if (!d)
        fail_msg("%s", fv_error_message());
    return d;
}

/* A folder data set of 3 classes with parts; picture K has a tone of its own. */
static void put_folder(void)
{
    static const char *const classes[] = {"cat", "dog", "zebra fish"};
    for (int i = 0; i < 60; i++) {
        char name[100];
        snprintf(name, sizeof name, "folder/%s/%s/p%02d.png", i % 5 == 4 ? "test" : "train", classes[i % 3],
                 i);
        put_picture(name, 8 + i % 4, 9, i % 2 ? 1 : 3, i);
    }
}

/* K of the file name ".../000012-pK.png". */
static int number_of(const fv_dataset *d, int64_t index)
{
    char file[1000];
    const char *p = strrchr(fv_dataset_file(d, index, file, sizeof file), 'p');
    while (p > file && p[-1] != '-' && p[-1] != '/')
        for (p--; p > file && *p != 'p';)
            p--;
    return atoi(p + 1);
}

static void read_whole(const char *name, file_bytes *bytes)
{
    assert_ok(file_read_into(in_root(name), SIZE_MAX / 2, bytes));
}

static bool same_files(const char *a, const char *b)
{
    file_list x, y;
    file_bytes left = {0}, right = {0};
    assert_ok(file_list_folder(&x, in_root(a)));
    assert_ok(file_list_folder(&y, in_root(b)));
    bool same = x.count == y.count;
    for (size_t i = 0; same && i < x.count; i++) {
        char path[300];
        same = strcmp(x.names[i], y.names[i]) == 0;
        snprintf(path, sizeof path, "%s/%s", a, x.names[i]);
        read_whole(path, &left);
        snprintf(path, sizeof path, "%s/%s", b, y.names[i]);
        read_whole(path, &right);
        same = same && left.size == right.size && memcmp(left.data, right.data, left.size) == 0;
    }
    file_bytes_release(&left);
    file_bytes_release(&right);
    file_list_release(&x);
    file_list_release(&y);
    return same;
}

static void assert_same_picture(const fv_dataset *a, int64_t i, const fv_dataset *b, int64_t j)
{
    image x = {0}, y = {0};
    image_space space = {0};
    image_decode_options o = {0};
    assert_ok(dataset_decode(a, i, &o, &space, &x));
    assert_ok(dataset_decode(b, j, &o, &space, &y));
    assert_int_equal(x.height, y.height);
    assert_int_equal(x.width, y.width);
    assert_int_equal(x.channels, y.channels);
    assert_memory_equal(x.data, y.data, (size_t)(x.height * x.width * x.channels));
    image_release(&x);
    image_release(&y);
    image_space_release(&space);
}

/* Every picture of `pack` is the one of `from` with its number, with the same classes, and none is missing. */
static void assert_same_part(const fv_dataset *from, const fv_dataset *pack)
{
    int places[100];
    memset(places, -1, sizeof places);
    assert_int_equal(fv_dataset_size(from), fv_dataset_size(pack));
    for (int64_t i = 0; i < fv_dataset_size(from); i++)
        places[number_of(from, i)] = (int)i;
    for (int64_t j = 0; j < fv_dataset_size(pack); j++) {
        int i = places[number_of(pack, j)];
        assert_true(i >= 0);
        places[number_of(pack, j)] = -1;
        assert_same_picture(from, i, pack, j);
        assert_int_equal(fv_dataset_label_count(from, i), fv_dataset_label_count(pack, j));
        for (int64_t k = 0; k < fv_dataset_label_count(from, i); k++)
            assert_string_equal(fv_dataset_class_name(from, fv_dataset_label_at(from, i, k)),
                                fv_dataset_class_name(pack, fv_dataset_label_at(pack, j, k)));
    }
}

static void assert_same_data(const fv_dataset *from, const fv_dataset *pack)
{
    assert_int_equal(fv_dataset_class_count(from), fv_dataset_class_count(pack));
    for (int64_t c = 0; c < fv_dataset_class_count(from); c++)
        assert_string_equal(fv_dataset_class_name(from, c), fv_dataset_class_name(pack, c));
    for (fv_part p = FV_TRAIN; p <= FV_TEST; p++) {
        const fv_dataset *a = fv_dataset_part(from, p), *b = fv_dataset_part(pack, p);
        assert_int_equal(!a, !b);
        if (a)
            assert_same_part(a, b);
    }
}

static int make_packs(void **state)
{
    if (make_root(state) != 0)
        return -1;
    put_folder();
    fv_dataset *d = open_whole("folder");
    assert_ok(fv_pack_write(d, .path = in_root("pack"), .shard_pictures = 20, .seed = 7));
    fv_dataset_destroy(d);
    return 0;
}

/* ---- what comes back ---- */

static void round_trip(void **state)
{
    (void)state;
    fv_dataset *folder = open_whole("folder"), *pack = open_whole("pack");
    assert_same_data(folder, pack);
    assert_int_equal(fv_dataset_problem_count(pack), 0);
    /* Shuffled: the classes of the first shard are not in runs. */
    int changes = 0;
    for (int64_t i = 1; i < 20; i++)
        changes += fv_dataset_label(pack, i) != fv_dataset_label(pack, i - 1);
    assert_true(changes > 5);
    fv_dataset_destroy(folder);
    fv_dataset_destroy(pack);
}

static void bytes_are_the_source_s(void **state)
{
    (void)state;
    fv_dataset *folder = open_whole("folder"), *pack = open_whole("pack");
    file_bytes a = {0}, b = {0};
    for (int64_t j = 0; j < fv_dataset_size(pack); j++) {
        int64_t record, i = 0;
        while (number_of(folder, i) != number_of(pack, j))
            i++;
        const source *s = dataset_locate(folder, i, &record);
        assert_ok(s->read(s, record, &a));
        s = dataset_locate(pack, j, &record);
        assert_ok(s->read(s, record, &b));
        assert_int_equal(a.size, b.size);
        assert_memory_equal(a.data, b.data, a.size);
    }
    file_bytes_release(&a);
    file_bytes_release(&b);
    fv_dataset_destroy(folder);
    fv_dataset_destroy(pack);
}

static void same_bytes_for_the_same_seed(void **state)
{
    (void)state;
    fv_dataset *d = open_whole("folder");
    assert_ok(fv_pack_write(d, .path = in_root("one"), .shard_pictures = 20, .seed = 7, .threads = 1));
    assert_ok(fv_pack_write(d, .path = in_root("eight"), .shard_pictures = 20, .seed = 7, .threads = 8));
    assert_ok(fv_pack_write(d, .path = in_root("other"), .shard_pictures = 20, .seed = 8));
    assert_true(same_files("pack", "one"));
    assert_true(same_files("pack", "eight"));
    assert_false(same_files("pack", "other"));
    assert_ok(fv_pack_write(d, .path = in_root("small1"), .size = 5, .threads = 1));
    assert_ok(fv_pack_write(d, .path = in_root("small8"), .size = 5, .threads = 8));
    assert_true(same_files("small1", "small8"));
    fv_dataset_destroy(d);
}

static void several_classes_a_picture(void **state)
{
    (void)state;
    static const char table[] = "file,label\n"
                                "p1.png,sea|sky\np2.png,sky\np3.png,\np4.png,tree|sea|sky\n"
                                "p5.png,tree\np6.png,sea\n";
    for (int i = 1; i <= 6; i++) {
        char name[40];
        snprintf(name, sizeof name, "table/p%d.png", i);
        put_picture(name, 6, 6, 3, i * 20);
    }
    put_file("table/labels.csv", table, sizeof table - 1);
    fv_dataset *d = open_whole("table/labels.csv");
    assert_ok(fv_pack_write(d, .path = in_root("labels")));
    fv_dataset *pack = open_whole("labels");
    assert_true(fv_dataset_is_multi_label(pack));
    assert_same_data(d, pack);
    fv_dataset_destroy(pack);
    /* Without its index, and as a single archive. */
    assert_int_equal(unlink(in_root("labels/train-000000.idx")), 0);
    pack = open_whole("labels");
    assert_true(fv_dataset_is_multi_label(pack));
    assert_same_data(d, pack);
    fv_dataset_destroy(pack);
    pack = open_whole("labels/train-000000.tar");
    assert_same_data(d, pack);
    fv_dataset_destroy(pack);
    fv_dataset_destroy(d);
}

static void raw_pictures_become_png(void **state)
{
    (void)state;
    uint8_t pixels[16 + 12 * 6] = {0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0, 3},
                             labels[8 + 12] = {0, 0, 8, 1, 0, 0, 0, 12};
    for (int i = 0; i < 12; i++) {
        labels[8 + i] = (uint8_t)(i % 3);
        memset(pixels + 16 + i * 6, 10 * i, 6);
    }
    put_file("idx/train-images-idx3-ubyte", pixels, sizeof pixels);
    put_file("idx/train-labels-idx1-ubyte", labels, sizeof labels);
    fv_dataset *d = open_whole("idx");
    assert_ok(fv_pack_write(d, .path = in_root("idx-pack")));
    fv_dataset *pack = open_whole("idx-pack");
    image im = {0};
    image_space space = {0};
    int seen = 0;
    assert_int_equal(fv_dataset_size(pack), 12);
    for (int64_t i = 0; i < 12; i++) {
        char file[1000];
        assert_ok(dataset_decode(pack, i, &(image_decode_options){0}, &space, &im));
        assert_int_equal(im.height * im.width * im.channels, 6);
        assert_int_equal(im.data[0] % 10, 0);
        assert_int_equal(im.data[0] / 10 % 3, fv_dataset_label(pack, i));
        assert_non_null(strstr(fv_dataset_file(pack, i, file, sizeof file), ".png"));
        seen |= 1 << im.data[0] / 10;
    }
    assert_int_equal(seen, (1 << 12) - 1);
    image_release(&im);
    image_space_release(&space);
    fv_dataset_destroy(pack);
    fv_dataset_destroy(d);
}

/* The shorter side becomes 32; what is small enough keeps its bytes. */
static void larger_pictures_are_resized(void **state)
{
    (void)state;
    fv_pack_result result;
    put_picture("sizes/a/p1.png", 64, 100, 3, 1);
    put_picture("sizes/a/p2.png", 90, 45, 1, 2);
    put_picture("sizes/a/p3.png", 32, 500, 3, 3);
    put_picture("sizes/b/p4.png", 10, 10, 3, 4);
    fv_dataset *d = open_whole("sizes");
    assert_ok(fv_pack_write(d, .path = in_root("sized"), .size = 32, .quality = 95, .result = &result));
    assert_int_equal(result.pictures, 4);
    assert_int_equal(result.encoded, 2);
    static const int64_t wanted[5][3] = {{0}, {32, 50, 3}, {64, 32, 1}, {32, 500, 3}, {10, 10, 3}};
    fv_dataset *pack = open_whole("sized");
    for (int64_t i = 0; i < 4; i++) {
        int64_t record, j = 0;
        image_space space = {0};
        image_info info;
        const source *s = dataset_locate(pack, i, &record);
        int k = number_of(pack, i);
        assert_ok(source_probe(s, record, &space, &info));
        assert_int_equal(info.height, wanted[k][0]);
        assert_int_equal(info.width, wanted[k][1]);
        assert_int_equal(info.channels, wanted[k][2]);
        assert_string_equal(info.format, k <= 2 ? "JPEG" : "PNG");
        while (number_of(d, j) != k)
            j++;
        if (k > 2)
            assert_same_picture(d, j, pack, i);
        image_space_release(&space);
    }
    fv_dataset_destroy(pack);
    fv_dataset_destroy(d);
}

/* 16 bits would be 8 after encoding; which 8 is for training to choose. */
static void deep_pictures_stay(void **state)
{
    (void)state;
    static const char header[] = "P5\n40 40\n65535\n";
    char deep[sizeof header - 1 + 2 * 1600] = {0};
    memcpy(deep, header, sizeof header - 1);
    put_file("deep/a/p1.pgm", deep, sizeof deep);
    put_file("deep/b/p2.pgm", deep, sizeof deep);
    fv_pack_result result;
    fv_dataset *d = open_whole("deep");
    assert_ok(fv_pack_write(d, .path = in_root("deep-pack"), .size = 20, .result = &result));
    assert_int_equal(result.deep, 2);
    assert_int_equal(result.encoded, 0);
    fv_dataset *pack = open_whole("deep-pack");
    assert_same_data(d, pack);
    fv_dataset_destroy(pack);
    fv_dataset_destroy(d);
}

static void groups_are_counted(void **state)
{
    (void)state;
    static const char table[] =
        "file,label,patient\np1.png,a,x\np2.png,b,x\np3.png,a,y\np4.png,b,y\np5.png,a,z\np6.png,b,z\n";
    for (int i = 1; i <= 6; i++) {
        char name[40];
        snprintf(name, sizeof name, "patients/p%d.png", i);
        put_picture(name, 6, 6, 3, i * 20);
    }
    put_file("patients/t.csv", table, sizeof table - 1);
    fv_pack_result result;
    fv_dataset *d = open_whole("patients/t.csv");
    assert_ok(fv_pack_write(d, .path = in_root("torn"), .result = &result));
    assert_int_equal(result.grouped, 6);
    fv_dataset_destroy(d);
    d = fv_dataset_open(in_root("patients/t.csv"), .validation_split = 0.34f);
    assert_ok(fv_pack_write(d, .path = in_root("whole"), .result = &result));
    assert_int_equal(result.grouped, 0);
    assert_int_equal(result.shards, 2);
    fv_dataset_destroy(d);
}

static void one_part_alone(void **state)
{
    (void)state;
    fv_dataset *d = open_whole("folder");
    assert_ok(fv_pack_write(fv_dataset_part(d, FV_TEST), .path = in_root("test-only")));
    fv_dataset *pack = open_whole("test-only");
    assert_null(fv_dataset_part(pack, FV_TRAIN));
    assert_same_part(fv_dataset_part(d, FV_TEST), fv_dataset_part(pack, FV_TEST));
    fv_dataset_destroy(pack);
    fv_dataset_destroy(d);
}

/* ---- what goes wrong ---- */

static void count_skipped(const char *message, void *user)
{
    assert_non_null(strstr(message, "bad"));
    ++*(int *)user;
}

static void unreadable_pictures(void **state)
{
    (void)state;
    int said = 0;
    fv_pack_result result;
    put_picture("broken/a/p1.png", 9, 9, 3, 1);
    put_picture("broken/b/p2.png", 9, 9, 3, 2);
    put_file("broken/b/bad.jpg", "no picture", 10);
    fv_dataset *d = open_whole("broken");
    assert_ok(fv_pack_write(d, .path = in_root("mended"), .on_skip = count_skipped, .user = &said,
                            .result = &result));
    assert_int_equal(said, 1);
    assert_int_equal(result.skipped, 1);
    assert_int_equal(result.pictures, 2);
    assert_int_equal(fv_pack_write(d, .path = in_root("failed"), .on_error = FV_FAIL), FV_ERROR_FORMAT);
    assert_non_null(strstr(fv_error_message(), "bad.jpg"));
    assert_false(file_exists(in_root("failed")));
    fv_dataset_destroy(d);
}

static int files_named_like(const char *part)
{
    file_list list;
    int count = 0;
    assert_ok(file_list_folder(&list, test_root));
    for (size_t i = 0; i < list.count; i++)
        count += strstr(list.names[i], part) != NULL;
    file_list_release(&list);
    return count;
}

static int stop_at_once(int64_t done, int64_t total, void *user)
{
    (void)total, (void)user;
    return done == 30;
}

static void nothing_is_left_of_half_a_pack(void **state)
{
    (void)state;
    fv_dataset *d = open_whole("folder");
    assert_int_equal(fv_pack_write(d, .path = in_root("stopped"), .on_progress = stop_at_once),
                     FV_INTERRUPTED);
    struct rlimit old, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = (struct rlimit){.rlim_cur = 20000, .rlim_max = old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    fv_status status = fv_pack_write(d, .path = in_root("stopped"));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(status, FV_ERROR_IO);
    assert_non_null(strstr(fv_error_message(), "train-000000.tar: cannot be written: File too large"));
    assert_int_equal(files_named_like("stopped"), 0);
    fv_dataset_destroy(d);
}

static void nothing_is_overwritten(void **state)
{
    (void)state;
    fv_dataset *d = open_whole("folder");
    put_file("mine/notes.txt", "mine", 4);
    assert_int_equal(fv_pack_write(d, .path = in_root("mine")), FV_ERROR_IO);
    put_file("file.tar", "mine", 4);
    assert_int_equal(fv_pack_write(d, .path = in_root("file.tar")), FV_ERROR_IO);
    file_bytes bytes = {0};
    read_whole("mine/notes.txt", &bytes);
    assert_int_equal(bytes.size, 4);
    read_whole("file.tar", &bytes);
    assert_int_equal(bytes.size, 4);
    file_bytes_release(&bytes);
    assert_int_equal(fv_pack_write(d, .path = in_root("x"), .size = -1), FV_ERROR_INVALID);
    assert_int_equal(fv_pack_write(d, .path = in_root("x"), .quality = 101), FV_ERROR_INVALID);
    assert_int_equal(fv_pack_write(NULL, .path = in_root("x")), FV_ERROR_INVALID);
    fv_dataset_destroy(d);
}

/* ---- the index ---- */

static void copy_pack(const char *to)
{
    static const char *const names[] = {"classes.txt",      "test-000000.idx",  "test-000000.tar",
                                        "train-000000.idx", "train-000000.tar", "train-000001.idx",
                                        "train-000001.tar", "train-000002.idx", "train-000002.tar"};
    file_bytes bytes = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[200];
        snprintf(name, sizeof name, "pack/%s", names[i]);
        read_whole(name, &bytes);
        snprintf(name, sizeof name, "%s/%s", to, names[i]);
        put_file(name, bytes.data, bytes.size);
    }
    file_bytes_release(&bytes);
}

/* The pack opens as what it was packed from, and says so when an index was not believed. */
static void assert_opens(const char *name, bool told)
{
    fv_dataset *d = open_whole(name), *pack = open_whole("pack");
    if (told != has_problem(d, "looked through"))
        fail_msg("%s: the index was%s believed", name, told ? "" : " not");
    assert_int_equal(fv_dataset_size(d), fv_dataset_size(pack));
    for (int64_t i = 0; i < fv_dataset_size(d); i++) { /* in the same order, too */
        assert_int_equal(number_of(d, i), number_of(pack, i));
        assert_int_equal(fv_dataset_label(d, i), fv_dataset_label(pack, i));
        assert_same_picture(d, i, pack, i);
    }
    fv_dataset_destroy(d);
    fv_dataset_destroy(pack);
}

static void no_index(void **state)
{
    (void)state;
    copy_pack("bare");
    assert_opens("bare", false);
    assert_int_equal(unlink(in_root("bare/train-000000.idx")), 0);
    assert_opens("bare", false);
    assert_int_equal(unlink(in_root("bare/train-000001.idx")), 0);
    assert_int_equal(unlink(in_root("bare/train-000002.idx")), 0);
    assert_int_equal(unlink(in_root("bare/test-000000.idx")), 0);
    assert_opens("bare", false);
    /* One that another program made. */
    static const char other[] = "v1.2 1\ncls 512 1 000000-p1.cls png 1536 99 000000-p1.png\n";
    put_file("bare/train-000000.idx", other, sizeof other - 1);
    assert_opens("bare", false);
}

static void the_index_is_used(void **state)
{
    (void)state;
    file_bytes bytes = {0};
    copy_pack("used");
    read_whole("used/train-000000.tar", &bytes);
    /* The second sample's header is spoilt: only who scans sees it. */
    memset(bytes.data + 20 * 512, 0xff, bytes.size - 20 * 512);
    put_file("used/train-000000.tar", bytes.data, bytes.size);
    file_bytes_release(&bytes);
    fv_dataset *d = open_whole("used");
    assert_int_equal(fv_dataset_size(d), 60);
    fv_dataset_destroy(d);
    assert_int_equal(unlink(in_root("used/train-000000.idx")), 0);
    d = open_whole("used");
    assert_true(fv_dataset_size(d) < 60);
    fv_dataset_destroy(d);
}

static void an_index_of_other_data(void **state)
{
    (void)state;
    file_bytes bytes = {0};
    copy_pack("stale");
    read_whole("pack/train-000001.idx", &bytes);
    put_file("stale/train-000000.idx", bytes.data, bytes.size);
    assert_opens("stale", true);
    /* A shard of the same length with other classes, as after correcting one. */
    read_whole("pack/train-000000.idx", &bytes);
    char *last = (char *)bytes.data + bytes.size - 2;
    *last = *last == '1' ? '2' : '1';
    put_file("stale/train-000000.idx", bytes.data, bytes.size);
    assert_opens("stale", true);
    for (size_t cut = 0; cut < bytes.size; cut += 37) {
        put_file("stale/train-000000.idx", bytes.data, cut);
        fv_dataset *d = open_whole("stale");
        assert_int_equal(fv_dataset_size(d), 60);
        fv_dataset_destroy(d);
    }
    file_bytes_release(&bytes);
}

/* An index whose checksum and shard fit it, whatever it says: "@" stands for the shard's own first sample. */
static void put_hostile(long long count, long long length, const char *body)
{
    char index[4000], tag[9], name[101] = {0};
    uint8_t block[USTAR_BLOCK];
    file_bytes shard = {0};
    read_whole("pack/train-000000.tar", &shard);
    memcpy(name, shard.data, 100);
    snprintf(tag, sizeof tag, "%08lx", crc32_z(0, (const Bytef *)body, strlen(body)));
    ustar_header(block, name, 1, tag);
    memcpy(shard.data, block, USTAR_BLOCK);
    put_file("hostile/train-000000.tar", shard.data, shard.size);
    int size = snprintf(index, sizeof index, "v1.2 %lld fovea %lld %s\n%s", count,
                        length ? length : (long long)shard.size, tag, body);
    put_file("hostile/train-000000.idx", index, (size_t)size);
    file_bytes_release(&shard);
}

static void hostile_indices(void **state)
{
    (void)state;
    char key[101] = {0}, body[1000];
    file_bytes shard = {0};
    copy_pack("hostile");
    read_whole("pack/train-000000.tar", &shard);
    memcpy(key, shard.data, strchr((char *)shard.data, '.') - (char *)shard.data);
    static const struct {
        long long count;
        const char *format; /* the first two %s: the key */
    } cases[] = {
        {1, "cls 512 1 %s.cls png 99999999999 99 %s.png\n0\n"},
        {1, "cls 512 1 %s.cls png 1536 99999999999 %s.png\n0\n"},
        {1, "cls 512 1 %s.cls png 1536 18446744073709551615 %s.png\n0\n"},
        {1, "cls 512 1 %s.cls png 18446744073709551104 99 %s.png\n0\n"},
        {1, "cls 512 1 %s.cls png -512 99 %s.png\n0\n"},
        {1, "cls 512 1 %s.cls png 1536 -1 %s.png\n0\n"},
        {1, "cls 512 1 %s.cls png 1537 99 %s.png\n0\n"},
        {1, "cls 512 1 %s.cls png 512 99 %s.png\n0\n"},
        {1, "cls 512 1 %s.cls png 1024 99 %s.png\n0\n"},
        {2, "cls 512 1 %s.cls png 1536 99 %s.png\ncls 1536 1 x.cls png 1536 99 x.png\n0\n0\n"},
        {1, "cls 512 1 %s.cls png 1536 99 %s.png\n-1\n"},
        {1, "cls 512 1 %s.cls png 1536 99 %s.png\n1048576\n"},
        {1, "cls 512 1 %s.cls png 1536 99 %s.png\n0 1\n"},
        {1, "cls 512 1 %s.cls png 1536 99 %s.png\n\n"},
        {1, "cls 512 1 %s.cls png 1536 99 %s.png\n0"},
        {1, "cls 512 1 %s.cls png 1536 99 %s.png\n"},
        {1, "cls 512 1 %s.cls png 1536 99 %s.png\n0\n0\n"},
        {1, "cls 512 1 %s.cls png 1536 99\n%s.png\n0\n"},
        {1, "cls 512 1 %s.cls png 1536 99 /%.0s\n0\n"},
        {0, "%s%s\n"},
        {2, "cls 512 1 %s.cls png 1536 99 %s.png\n0\n"},
        {4000000000, "cls 512 1 %s.cls png 1536 99 %s.png\n0\n"},
        {999999999999999999, "cls 512 1 %s.cls png 1536 99 %s.png\n0\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(body, sizeof body, cases[i].format, key, key);
        put_hostile(cases[i].count, 0, body);
        assert_opens("hostile", true);
    }
    put_hostile(1, 512, "cls 512 1 x.cls png 1536 99 x.png\n0\n");
    assert_opens("hostile", true);
    /* A name of more than a tar header's, and one that is a line of its own. */
    snprintf(body, sizeof body, "cls 512 1 %s.cls png 1536 99 %0101d\n0\n", key, 0);
    put_hostile(1, 0, body);
    assert_opens("hostile", true);
    /* What is only wrong about the pictures' bytes is an error of these pictures. */
    snprintf(body, sizeof body, "cls 512 1 %s.cls png 2048 3 %s.png\n0\n", key, key);
    put_hostile(1, 0, body);
    fv_dataset *d = open_whole("hostile");
    image_space space = {0};
    image im = {0};
    assert_int_equal(fv_dataset_size(d), 41);
    assert_int_equal(dataset_decode(d, 0, &(image_decode_options){0}, &space, &im), FV_ERROR_FORMAT);
    image_space_release(&space);
    fv_dataset_destroy(d);
    file_bytes_release(&shard);
}

static void class_numbers_need_names(void **state)
{
    (void)state;
    copy_pack("few");
    put_file("few/classes.txt", "cat\ndog\n", 8);
    assert_not_open(FV_ERROR_FORMAT, "class 2 is out of range", in_root("few"));
    assert_int_equal(unlink(in_root("few/classes.txt")), 0);
    fv_dataset *d = open_whole("few");
    assert_string_equal(fv_dataset_class_name(d, 2), "2");
    fv_dataset_destroy(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(round_trip),
                                       cmocka_unit_test(bytes_are_the_source_s),
                                       cmocka_unit_test(same_bytes_for_the_same_seed),
                                       cmocka_unit_test(several_classes_a_picture),
                                       cmocka_unit_test(raw_pictures_become_png),
                                       cmocka_unit_test(larger_pictures_are_resized),
                                       cmocka_unit_test(deep_pictures_stay),
                                       cmocka_unit_test(groups_are_counted),
                                       cmocka_unit_test(one_part_alone),
                                       cmocka_unit_test(unreadable_pictures),
                                       cmocka_unit_test(nothing_is_left_of_half_a_pack),
                                       cmocka_unit_test(nothing_is_overwritten),
                                       cmocka_unit_test(no_index),
                                       cmocka_unit_test(the_index_is_used),
                                       cmocka_unit_test(an_index_of_other_data),
                                       cmocka_unit_test(hostile_indices),
                                       cmocka_unit_test(class_numbers_need_names)};
    return cmocka_run_group_tests(tests, make_packs, remove_root);
}
