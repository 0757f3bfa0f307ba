/* SPDX-License-Identifier: Apache-2.0 */
/* data: folds of a cross-validation, by the properties that scikit-learn's StratifiedKFold, StratifiedGroupKFold and
 * LeaveOneGroupOut promise. */
#include "test_data.h"

#include "data/store.h"

enum {
    PICTURES = 60,
    CLASSES = 3,
    GROUPS = 20,
    TESTS = 6
};

/* Classes of 29, 20 and 11 pictures. */
static int class_of(int i)
{
    return i < 29 ? 0 : i < 49 ? 1 : 2;
}

/* Groups of three pictures, most of them of one class. */
static int group_of(int i)
{
    return i / 3;
}

static int make_data(void **state)
{
    char name[64], rows[PICTURES * 32] = "file,group\n";
    if (make_root(state))
        return -1;
    for (int i = 0; i < PICTURES; i++) {
        snprintf(name, sizeof name, "p/train/%c/%02d.png", 'a' + class_of(i), i);
        put_picture(name, 2, 2, 1, i);
        snprintf(rows + strlen(rows), 32, "%02d.png,g%d\n", i, group_of(i));
    }
    for (int i = 0; i < TESTS; i++) {
        snprintf(name, sizeof name, "p/test/%c/t%d.png", 'a' + i % CLASSES, i);
        put_picture(name, 2, 2, 1, 100 + i);
    }
    put_file("groups.csv", rows, strlen(rows));
    put_file("part.csv", rows, 11 + 12); /* the head and one row */
    return 0;
}

static fv_dataset *open_fold(int64_t folds, int64_t fold, uint64_t seed, bool grouped)
{
    fv_dataset *d = fv_dataset_open(in_root("p"), .folds = folds, .fold = fold, .seed = seed,
                                    .leave_one_group_out = folds == 0,
                                    .keep_together = grouped ? in_root("groups.csv") : NULL);
    if (!d)
        fail_msg("%s", fv_error_message());
    return d;
}

/* The picture's number, from its name; -1 for those of the data's own test part. */
static int number_of(const fv_dataset *d, int64_t index)
{
    char path[600];
    const char *base = strrchr(fv_dataset_file(d, index, path, sizeof path), '/') + 1;
    return base[0] == 't' ? -1 : (int)strtol(base, NULL, 10);
}

typedef struct division {
    int fold[PICTURES];          /* in which a picture is held out */
    int counts[64][CLASSES + 1]; /* by fold: of a class, and of all */
} division;

/* Divides, and checks what holds of every division. */
static division divide(int64_t folds, uint64_t seed, bool grouped)
{
    division v = {0};
    int64_t count = folds ? folds : GROUPS;
    for (int64_t f = 1; f <= count; f++) {
        fv_dataset *d = open_fold(folds, f, seed, grouped);
        bool seen[PICTURES] = {0};
        assert_int_equal(fv_dataset_fold_count(d), count);
        assert_int_equal(fv_dataset_size(d), PICTURES + TESTS);
        for (fv_part p = FV_TRAIN; p <= FV_TEST; p++) {
            const fv_dataset *part = fv_dataset_part(d, p);
            assert_non_null(part);
            assert_int_equal(fv_dataset_class_count(part), CLASSES);
            for (int64_t i = 0; i < fv_dataset_size(part); i++) {
                int n = number_of(part, i);
                assert_in_range(n, 0, PICTURES - 1); /* the data's own test pictures are in no part */
                assert_false(seen[n]);
                seen[n] = true;
                assert_int_equal(number_of(d, fv_dataset_position(part, i)), n);
                if (p != FV_TEST)
                    continue;
                assert_int_equal(v.fold[n], 0); /* held out once */
                v.fold[n] = (int)f;
                v.counts[f][class_of(n)]++;
                v.counts[f][CLASSES]++;
            }
        }
        for (int n = 0; n < PICTURES; n++)
            assert_true(seen[n]);
        fv_dataset_destroy(d);
    }
    for (int n = 0; n < PICTURES; n++)
        assert_true(v.fold[n] > 0);
    return v;
}

/* The largest difference between two folds in pictures of class `c`, or of all. */
static int unevenness(const division *v, int64_t folds, int c)
{
    int low = PICTURES, high = 0;
    for (int64_t f = 1; f <= folds; f++) {
        low = v->counts[f][c] < low ? v->counts[f][c] : low;
        high = v->counts[f][c] > high ? v->counts[f][c] : high;
    }
    return high - low;
}

static void classes_are_even(void **state)
{
    (void)state;
    for (int64_t folds = 2; folds <= 11; folds++)
        for (uint64_t seed = 0; seed < 2; seed++) {
            division v = divide(folds, seed, false);
            for (int c = 0; c <= CLASSES; c++)
                assert_in_range(unevenness(&v, folds, c), 0, 1);
        }
}

static void seeds_decide(void **state)
{
    (void)state;
    for (int grouped = 0; grouped < 2; grouped++) {
        division a = divide(4, 7, grouped), again = divide(4, 7, grouped), b = divide(4, 8, grouped);
        assert_memory_equal(a.fold, again.fold, sizeof a.fold);
        assert_memory_not_equal(a.fold, b.fold, sizeof a.fold);
    }
}

static void groups_stay_whole(void **state)
{
    (void)state;
    for (int64_t folds = 2; folds <= 5; folds++)
        for (uint64_t seed = 0; seed < 4; seed++) {
            division v = divide(folds, seed, true);
            for (int i = 1; i < PICTURES; i++)
                if (group_of(i) == group_of(i - 1))
                    assert_int_equal(v.fold[i], v.fold[i - 1]);
            /* Groups of three cannot be divided more evenly than that. */
            for (int c = 0; c <= CLASSES; c++)
                assert_in_range(unevenness(&v, folds, c), 0, 3);
        }
}

/* Training and validation of one fold have no group in common either. */
static void validation_keeps_groups(void **state)
{
    (void)state;
    fv_dataset *d = open_fold(4, 2, 0, true);
    int part_of[GROUPS] = {0};
    for (fv_part p = FV_TRAIN; p <= FV_TEST; p++) {
        const fv_dataset *part = fv_dataset_part(d, p);
        for (int64_t i = 0; i < fv_dataset_size(part); i++) {
            int *known = &part_of[group_of(number_of(part, i))];
            assert_true(*known == 0 || *known == (int)p);
            *known = (int)p;
        }
    }
    fv_dataset_destroy(d);
}

static void one_group_out(void **state)
{
    (void)state;
    division v = divide(0, 3, true);
    for (int i = 0; i < PICTURES; i++)
        assert_int_equal(v.fold[i], group_of(i) + 1);
}

/* A validation part that the data names is that of every fold; without one and without a share there is none. */
static void validation(void **state)
{
    (void)state;
    fv_dataset *d = fv_dataset_open(in_root("p"), .folds = 3, .validation_split = FV_OFF);
    assert_non_null(d);
    assert_null(fv_dataset_part(d, FV_VALIDATION));
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_TRAIN)), 40);
    fv_dataset_destroy(d);
    d = fv_dataset_open(in_root("p"), .folds = 3, .fold = 3, .validation_path = in_root("p/test"));
    assert_non_null(d);
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_VALIDATION)), TESTS);
    assert_int_equal(fv_dataset_size(fv_dataset_part(d, FV_TRAIN)), 40);
    fv_dataset_destroy(d);
    d = fv_dataset_open(in_root("p"));
    assert_int_equal(fv_dataset_fold_count(d), 0);
    assert_int_equal(fv_dataset_position(d, PICTURES + TESTS), -1);
    fv_dataset_destroy(d);
}

#define REFUSES(words, ...)                                                                                  \
    do {                                                                                                     \
        assert_null(fv_dataset_open(in_root("p"), __VA_ARGS__));                                             \
        if (!strstr(fv_error_message(), words))                                                              \
            fail_msg("'%s' does not say '%s'", fv_error_message(), words);                                   \
    } while (0)

static void refused(void **state)
{
    (void)state;
    REFUSES("folds: must be 2 or more", .folds = 1);
    REFUSES("folds: must be 2 or more", .folds = -3);
    REFUSES("class c has 11 pictures for training, too few for 12 folds", .folds = 12);
    REFUSES("fold: 4 of 3 does not exist", .folds = 3, .fold = 4);
    REFUSES("fold: -1 of 3 does not exist", .folds = 3, .fold = -1);
    REFUSES("fold: 2 of no folds", .fold = 2);
    REFUSES("test_split", .folds = 3, .test_split = 0.2f);
    REFUSES("needs groups", .leave_one_group_out = 1);
    REFUSES("not beside leave_one_group_out", .leave_one_group_out = 1, .folds = 3);
    REFUSES("59 pictures are in no group", .leave_one_group_out = 1, .keep_together = in_root("part.csv"));
    REFUSES("fold: 21 of 20 groups", .leave_one_group_out = 1, .fold = 21,
            .keep_together = in_root("groups.csv"));
    char rows[PICTURES * 32] = "file,group\n";
    for (int i = 0; i < PICTURES; i++)
        snprintf(rows + strlen(rows), 32, "%02d.png,g%d\n", i, i % 4);
    put_file("four.csv", rows, strlen(rows));
    REFUSES("in 4 groups, too few for 5 folds", .folds = 5, .keep_together = in_root("four.csv"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(classes_are_even),
                                       cmocka_unit_test(seeds_decide),
                                       cmocka_unit_test(groups_stay_whole),
                                       cmocka_unit_test(validation_keeps_groups),
                                       cmocka_unit_test(one_group_out),
                                       cmocka_unit_test(validation),
                                       cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, make_data, remove_root);
}
