/* SPDX-License-Identifier: Apache-2.0 */
/* Studies: asking and telling, pruning, processes that die, processes that work together, and files that are none. */
#include "testing.h"

#include <math.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core/random.h"
#include "tune/asha.h"
#include "tune/study.h"

static const char yaml[] =
    "x: {type: float, low: -1, high: 1}\nk: [a, b]\nn: {type: int, low: 1, high: 9, when: {k: b}}\n";

static char folder[] = "/tmp/fovea-study-XXXXXX", path[64];

static fv_space *make_space(void)
{
    fv_space *s = fv_space_parse(yaml, "space");
    assert_non_null(s);
    return s;
}

/* A study in a file that is made anew. */
static fv_study *make_study(fv_study_options o)
{
    fv_space *s = make_space();
    unlink(path);
    o.struct_size = sizeof o;
    o.path = path;
    o.space = s;
    fv_study *study = fv_study_create_with(&o);
    fv_space_destroy(s);
    if (!study)
        fail_msg("%s", fv_error_message());
    return study;
}

static fv_study *open_study(void)
{
    fv_study *s = fv_study_open(path);
    if (!s)
        fail_msg("%s", fv_error_message());
    return s;
}

static int64_t ask(fv_study *s)
{
    fv_trial t;
    assert_ok(fv_study_ask(s, &t));
    int64_t number = t.number;
    fv_trial_release(&t);
    return number;
}

/* ---- ask and tell ---- */

static double square(const fv_trial *t)
{
    double x = fv_trial_number(t, "x"), n = fv_trial_number(t, "n");
    return x * x + (isfinite(n) ? 0.1 * n : 0);
}

static void a_study_goes_to_its_limit_and_is_the_same_again(void **state)
{
    (void)state;
    fv_trial *lists[2], t;
    int64_t counts[2];
    for (int k = 0; k < 2; k++) {
        fv_study *s = make_study((fv_study_options){.trials = 25, .seed = 4});
        for (int64_t i = 1; i <= 25; i++) {
            assert_ok(fv_study_ask(s, &t));
            assert_int_equal(t.number, i);
            assert_true((strcmp(fv_trial_word(&t, "k"), "b") == 0) == isfinite(fv_trial_number(&t, "n")));
            assert_null(fv_trial_word(&t, "x"));
            assert_true(isnan(fv_trial_number(&t, "y")));
            assert_ok(fv_study_tell(s, i, FV_TRIAL_COMPLETE, square(&t), NULL));
            fv_trial_release(&t);
        }
        assert_int_equal(ask(s), 0);
        fv_study_destroy(s);
        s = open_study(); /* what is read is what was written */
        assert_ok(fv_study_trials(s, &lists[k], &counts[k]));
        assert_int_equal(counts[k], 25);
        assert_ok(fv_study_limit(s, 26));
        assert_int_equal(ask(s), 26);
        fv_study_destroy(s);
    }
    for (int64_t i = 0; i < 25; i++) {
        assert_memory_equal(lists[0][i].values, lists[1][i].values, 3 * sizeof(double));
        assert_true(lists[0][i].value == lists[1][i].value && lists[0][i].state == FV_TRIAL_COMPLETE);
    }
    int64_t best = fv_trials_best(lists[0], 25, 0);
    for (int64_t i = 0; i < 25; i++)
        assert_true(lists[0][best].value <= lists[0][i].value);
    lists[0][0].space = NULL; /* the space went with its study; a trial's numbers are its own */
    fv_trials_release(lists[0], 25);
    fv_trials_release(lists[1], 25);
}

static void a_study_in_memory_needs_no_file(void **state)
{
    (void)state;
    fv_space *space = make_space();
    fv_study *s = fv_study_create(NULL, space, .trials = 2);
    assert_non_null(s);
    assert_int_equal(ask(s), 1);
    assert_ok(fv_study_tell(s, 1, FV_TRIAL_FAILED, 3, "no memory"));
    fv_trial *list;
    int64_t count;
    assert_ok(fv_study_trials(s, &list, &count));
    assert_true(count == 1 && isnan(list[0].value) && fv_trials_best(list, count, 0) == -1);
    assert_string_equal(list[0].message, "no memory");
    fv_trials_release(list, count);
    fv_study_destroy(s);
    fv_space_destroy(space);
}

static void what_cannot_be_told_is_refused(void **state)
{
    (void)state;
    int stop;
    fv_study *s = make_study((fv_study_options){.trials = 3});
    assert_int_equal(ask(s), 1);
    assert_int_equal(fv_study_tell(s, 2, FV_TRIAL_COMPLETE, 1, NULL), FV_ERROR_INVALID);
    assert_int_equal(fv_study_tell(s, 1, FV_TRIAL_RUNNING, 1, NULL), FV_ERROR_INVALID);
    assert_int_equal(fv_study_report(s, 1, 0, 1, &stop), FV_ERROR_INVALID);
    assert_ok(fv_study_tell(s, 1, FV_TRIAL_COMPLETE, 1, NULL));
    assert_int_equal(fv_study_tell(s, 1, FV_TRIAL_COMPLETE, 2, NULL), FV_ERROR_INVALID);
    assert_int_equal(fv_study_report(s, 1, 1, 1, &stop), FV_ERROR_INVALID);
    assert_non_null(strstr(fv_error_message(), "trial 1 is not, or no longer, this process's"));
    fv_study_destroy(s);
}

/* ---- pruning ---- */

/* Sorts, and looks whether the value is among the first. */
static bool oracle(const double *values, int64_t count, double value, int64_t reduction, bool maximize)
{
    double sorted[64];
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    for (int64_t i = 0; i < count; i++)
        for (int64_t j = i + 1; j < count; j++)
            if (maximize ? sorted[j] > sorted[i] : sorted[j] < sorted[i]) {
                double t = sorted[i];
                sorted[i] = sorted[j];
                sorted[j] = t;
            }
    int64_t places = count / reduction;
    double cutoff = sorted[places > 0 ? places - 1 : 0];
    return maximize ? value >= cutoff : value <= cutoff;
}

static void rungs_are_powers(void **state)
{
    (void)state;
    for (int64_t least = 1; least < 5; least++)
        for (int64_t reduction = 2; reduction < 6; reduction++)
            for (int64_t step = 1; step < 300; step++) {
                int64_t rung = least;
                while (rung < step)
                    rung *= reduction;
                assert_int_equal(asha_is_rung(step, least, reduction), rung == step);
            }
    assert_false(asha_is_rung(INT64_MAX, 1, 3)); /* without an overflow */
}

static void decisions_are_those_of_the_oracle(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 5000; i++) {
        rng r = rng_at(1, 0, i);
        double values[64];
        int64_t count = 1 + (int64_t)rng_below(&r, 64), reduction = 2 + (int64_t)rng_below(&r, 4);
        for (int64_t k = 0; k < count; k++)
            values[k] = (double)rng_below(&r, 20); /* with equal ones */
        double value = values[rng_below(&r, (uint64_t)count)];
        bool maximize = rng_below(&r, 2);
        assert_int_equal(asha_goes_on(values, count, value, reduction, maximize),
                         oracle(values, count, value, reduction, maximize));
    }
}

/* Trials take turns, an epoch each; each decision is compared with one from the list of all values at the rung. */
static void a_study_prunes_as_the_oracle(void **state)
{
    (void)state;
    enum {
        TRIALS = 30,
        STEPS = 28
    };
    static const int64_t rungs[] = {1, 3, 9, 27};
    double at_rung[4][TRIALS];
    int64_t at_count[4] = {0}, ended = 0;
    bool out[TRIALS] = {0};
    double best[TRIALS];
    fv_space *space = make_space();
    fv_study *s = fv_study_create(NULL, space, .trials = TRIALS, .pruner = FV_PRUNER_ASHA, .maximize = 1);
    assert_non_null(s);
    for (int64_t i = 1; i <= TRIALS; i++)
        assert_int_equal(ask(s), i);
    for (int64_t step = 1; step <= STEPS; step++)
        for (int64_t i = 1; i <= TRIALS; i++) {
            if (out[i - 1])
                continue;
            rng r = rng_at(2, (uint32_t)step, (uint64_t)i);
            double value = (double)(i * 11 % 31) + 0.3 * (double)step + 8 * (double)rng_uniform(&r);
            best[i - 1] = step == 1 ? value : fmax(best[i - 1], value);
            bool goes_on = true;
            for (int k = 0; k < 4; k++)
                if (rungs[k] == step) {
                    at_rung[k][at_count[k]++] = best[i - 1];
                    goes_on = oracle(at_rung[k], at_count[k], best[i - 1], 3, true);
                }
            int stop;
            assert_ok(fv_study_report(s, i, step, value, &stop));
            assert_int_equal(stop, !goes_on);
            if (stop) {
                assert_ok(fv_study_tell(s, i, FV_TRIAL_PRUNED, NAN, NULL));
                out[i - 1] = true;
                ended++;
            }
        }
    assert_true(ended > TRIALS / 3 && ended < TRIALS);
    fv_trial *list;
    int64_t count;
    assert_ok(fv_study_trials(s, &list, &count));
    for (int64_t i = 0; i < count; i++)
        assert_true(list[i].value == best[i] &&
                    list[i].state == (out[i] ? FV_TRIAL_PRUNED : FV_TRIAL_RUNNING));
    fv_trials_release(list, count);
    fv_study_destroy(s);
    fv_space_destroy(space);
}

static void a_value_that_is_none_is_pruned(void **state)
{
    (void)state;
    int stop;
    fv_study *s = make_study((fv_study_options){.trials = 3, .pruner = FV_PRUNER_ASHA});
    assert_int_equal(ask(s), 1);
    assert_ok(fv_study_report(s, 1, 1, NAN, &stop));
    assert_true(stop);
    assert_ok(fv_study_tell(s, 1, FV_TRIAL_PRUNED, NAN, NULL));
    fv_study_destroy(s);
}

/* ---- processes ---- */

/* A child that takes the next trial, reports a step and then waits for its end; its trial's number. */
static int64_t child_that_hangs(pid_t *process)
{
    int ends[2], stop;
    int64_t number = -1;
    assert_int_equal(pipe(ends), 0);
    *process = fork();
    if (*process == 0) {
        fv_study *s = fv_study_open(path);
        fv_trial t;
        if (s && fv_study_ask(s, &t) == FV_OK &&
            fv_study_report(s, t.number, (int64_t)t.attempt, 0.5, &stop) == FV_OK &&
            write(ends[1], &t.number, sizeof t.number) > 0)
            pause();
        _exit(1);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &number, sizeof number), sizeof number);
    close(ends[0]);
    return number;
}

static void kill_child(pid_t process)
{
    kill(process, SIGKILL);
    assert_int_equal(waitpid(process, NULL, 0), process);
}

static void a_killed_process_loses_its_trial(void **state)
{
    (void)state;
    pid_t process;
    fv_study_destroy(make_study((fv_study_options){.trials = 5}));
    assert_int_equal(child_that_hangs(&process), 1);
    fv_study *s = open_study();
    assert_int_equal(ask(s), 2); /* the first one's process lives */
    kill_child(process);
    fv_trial t;
    assert_ok(fv_study_ask(s, &t));
    assert_true(t.number == 1 && t.attempt == 2 && t.step == 1 && t.value == 0.5);
    fv_trial_release(&t);
    assert_int_equal(ask(s), 3);
    assert_ok(fv_study_tell(s, 1, FV_TRIAL_COMPLETE, 1, NULL));
    fv_study_destroy(s);
}

static void three_deaths_are_a_failure(void **state)
{
    (void)state;
    pid_t process;
    fv_study_destroy(make_study((fv_study_options){.trials = 2}));
    for (int i = 0; i < 3; i++) {
        assert_int_equal(child_that_hangs(&process), 1);
        kill_child(process);
    }
    fv_study *s = open_study();
    assert_int_equal(ask(s), 2);
    assert_int_equal(ask(s), 0);
    fv_trial t;
    assert_ok(trials_read_one(s, 1, &t));
    assert_int_equal(t.state, FV_TRIAL_FAILED);
    assert_string_equal(t.message, "its process died three times");
    fv_trial_release(&t);
    fv_study_destroy(s);
}

/* A machine that this one cannot ask: its signs of life decide. */
static void another_machine_is_dead_when_it_is_silent(void **state)
{
    (void)state;
    fv_study *s = make_study((fv_study_options){.trials = 3, .patience = 100});
    assert_int_equal(ask(s), 1);
    static const char move[] = "UPDATE trials SET host = 'elsewhere', alive = ? WHERE number = 1";
    assert_ok(database_run(s->db, move, "d", study_now() - 90));
    assert_int_equal(ask(s), 2);
    assert_ok(database_run(s->db, move, "d", study_now() - 110));
    assert_int_equal(ask(s), 1);
    int stop;
    assert_ok(database_run(s->db, move, "d", study_now()));
    assert_int_equal(fv_study_report(s, 1, 1, 1, &stop), FV_ERROR_INVALID); /* the other one has it now */
    fv_study_destroy(s);
}

static void a_trial_that_is_given_back_is_asked_for_first(void **state)
{
    (void)state;
    fv_study *s = make_study((fv_study_options){.trials = 5});
    assert_int_equal(ask(s), 1);
    assert_int_equal(ask(s), 2);
    assert_ok(fv_study_return(s, 1, 0));
    assert_ok(fv_study_alive(s));
    fv_trial t;
    for (int64_t i = 1; i <= 2; i++) {
        assert_ok(trials_read_one(s, i, &t));
        assert_true(t.state == FV_TRIAL_RUNNING &&
                    (t.host[0] != 0) == (i == 2)); /* the first one is nobody's */
        fv_trial_release(&t);
    }
    int stop;
    assert_int_equal(fv_study_report(s, 1, 1, 1, &stop), FV_ERROR_INVALID);
    assert_ok(fv_study_ask(s, &t));
    assert_true(t.number == 1 && t.attempt == 1);
    fv_trial_release(&t);
    assert_ok(fv_study_return(s, 1, 1));
    assert_ok(fv_study_ask(s, &t));
    assert_true(t.number == 1 && t.attempt == 2);
    fv_trial_release(&t);
    assert_int_equal(ask(s), 3);
    fv_study_destroy(s);
}

/* Every trial is one process's, and each process had some. */
static void processes_share_a_study(void **state)
{
    (void)state;
    enum {
        PROCESSES = 4,
        TRIALS = 60
    };
    int ends[2], gate[2], status; /* gate: closed when all have their first trial */
    int64_t mine[TRIALS + 1] = {0}, record[2], told = 0;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(gate), 0);
    unlink(path);
    for (int64_t p = 0; p < PROCESSES; p++)
        if (fork() == 0) {
            close(gate[1]);
            fv_space *space = fv_space_parse(yaml, "space"); /* they all make the study */
            fv_study *s = fv_study_create(path, space, .trials = TRIALS, .seed = 1);
            fv_trial t;
            while (s && fv_study_ask(s, &t) == FV_OK && t.number > 0) {
                record[0] = t.number;
                record[1] = p + 1;
                if (write(ends[1], record, sizeof record) < 0 || read(gate[0], record, 1) != 0 ||
                    fv_study_tell(s, t.number, FV_TRIAL_COMPLETE, square(&t), NULL) != FV_OK)
                    _exit(2);
                fv_trial_release(&t);
            }
            _exit(s ? 0 : 3);
        }
    close(ends[1]);
    while (read(ends[0], record, sizeof record) > 0) {
        assert_in_range(record[0], 1, TRIALS);
        assert_int_equal(mine[record[0]], 0);
        mine[record[0]] = record[1];
        if (++told == PROCESSES)
            close(gate[1]);
    }
    close(ends[0]);
    close(gate[0]);
    for (int p = 0; p < PROCESSES; p++) {
        wait(&status);
        assert_int_equal(status, 0);
    }
    int64_t shares[PROCESSES + 1] = {0};
    for (int64_t i = 1; i <= TRIALS; i++)
        shares[mine[i]]++;
    assert_int_equal(shares[0], 0);
    for (int p = 1; p <= PROCESSES; p++)
        assert_true(shares[p] > 0);
    fv_study *s = open_study();
    fv_trial *list;
    int64_t count;
    assert_ok(fv_study_trials(s, &list, &count));
    assert_int_equal(count, TRIALS);
    for (int64_t i = 0; i < count; i++)
        assert_int_equal(list[i].state, FV_TRIAL_COMPLETE);
    fv_trials_release(list, count);
    fv_study_destroy(s);
}

/* ---- files ---- */

static void write_file(const void *bytes, size_t size, long at)
{
    FILE *f = fopen(path, at ? "r+b" : "wb");
    assert_non_null(f);
    fseek(f, at, SEEK_SET);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

static void assert_refused(fv_status status, const char *words)
{
    fv_study *s = fv_study_open(path);
    if (s || status_last() != status || !strstr(fv_error_message(), words))
        fail_msg("%s, not '%s'", s ? "is accepted" : fv_error_message(), words);
}

static void files_that_are_no_studies_are_refused(void **state)
{
    (void)state;
    char garbage[4096];
    memset(garbage, 'x', sizeof garbage);
    unlink(path);
    assert_refused(FV_ERROR_IO, "unable to open");
    write_file(garbage, sizeof garbage, 0);
    assert_refused(FV_ERROR_FORMAT, "is no study");
    write_file("", 0, 0);
    assert_refused(FV_ERROR_FORMAT, "is empty");
    fv_study_destroy(make_study((fv_study_options){.trials = 50}));
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    for (long page = 4096; page < about.st_size; page += 4096)
        write_file(garbage, sizeof garbage, page);
    assert_refused(FV_ERROR_FORMAT, "damaged");
    fv_study_destroy(make_study((fv_study_options){.trials = 50}));
    assert_int_equal(truncate(path, 6000), 0);
    assert_refused(FV_ERROR_FORMAT, "damaged");
}

static void change(const char *sql)
{
    fv_study *s = make_study((fv_study_options){.trials = 5});
    assert_int_equal(ask(s), 1);
    assert_ok(database_run(s->db, sql, ""));
    fv_study_destroy(s);
}

static void what_a_file_holds_is_not_trusted(void **state)
{
    (void)state;
    change("UPDATE study SET value = 'x: [' WHERE name = 'space'");
    assert_refused(FV_ERROR_FORMAT, "not valid YAML");
    change("UPDATE study SET value = 'best' WHERE name = 'sampler'");
    assert_refused(FV_ERROR_FORMAT, "tpe or random, not 'best'");
    change("UPDATE study SET value = '0' WHERE name = 'reduction'");
    assert_refused(FV_ERROR_FORMAT, "reduction");
    change("UPDATE study SET value = '7' WHERE name = 'schema'");
    assert_refused(FV_ERROR_FORMAT, "another version");
    change("DROP TABLE study");
    assert_refused(FV_ERROR_FORMAT, "is no study");
    change("PRAGMA application_id = 0");
    assert_refused(FV_ERROR_FORMAT, "another program");
    static const char *const trials[] = {"UPDATE trials SET state = 9",
                                         "UPDATE parameters SET dimension = 'z' WHERE dimension = 'x'",
                                         "UPDATE parameters SET value = 'c' WHERE dimension = 'k'"};
    for (int i = 0; i < 3; i++) {
        change(trials[i]);
        fv_study *s = open_study();
        fv_trial *list;
        int64_t count;
        assert_int_equal(fv_study_trials(s, &list, &count), FV_ERROR_FORMAT);
        assert_non_null(strstr(fv_error_message(), "trial 1"));
        assert_true(list == NULL && count == 0);
        fv_study_destroy(s);
    }
}

static void another_study_is_not_gone_on_with(void **state)
{
    (void)state;
    fv_space *space = make_space(), *other = fv_space_parse("x: [a]\n", "space");
    fv_study_destroy(make_study((fv_study_options){.trials = 5, .seed = 1}));
    assert_null(fv_study_create(path, other, .seed = 1));
    assert_non_null(strstr(fv_error_message(), "of another space"));
    assert_null(fv_study_create(path, space, .seed = 2));
    assert_non_null(strstr(fv_error_message(), "seed 1, not 2"));
    assert_null(fv_study_create(path, space, .seed = 1, .pruner = FV_PRUNER_ASHA));
    assert_non_null(strstr(fv_error_message(), "pruner none, not asha"));
    assert_null(fv_study_create(path, NULL));
    assert_null(fv_study_create(path, space, .reduction = 1));
    fv_study *s = fv_study_create(path, space, .seed = 1, .trials = 7);
    assert_non_null(s);
    assert_int_equal(fv_study_settings(s)->trials, 7);
    fv_study_destroy(s);
    fv_space_destroy(space);
    fv_space_destroy(other);
}

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/study.db", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_study_goes_to_its_limit_and_is_the_same_again),
                                       cmocka_unit_test(a_study_in_memory_needs_no_file),
                                       cmocka_unit_test(what_cannot_be_told_is_refused),
                                       cmocka_unit_test(rungs_are_powers),
                                       cmocka_unit_test(decisions_are_those_of_the_oracle),
                                       cmocka_unit_test(a_study_prunes_as_the_oracle),
                                       cmocka_unit_test(a_value_that_is_none_is_pruned),
                                       cmocka_unit_test(a_killed_process_loses_its_trial),
                                       cmocka_unit_test(three_deaths_are_a_failure),
                                       cmocka_unit_test(another_machine_is_dead_when_it_is_silent),
                                       cmocka_unit_test(a_trial_that_is_given_back_is_asked_for_first),
                                       cmocka_unit_test(processes_share_a_study),
                                       cmocka_unit_test(files_that_are_no_studies_are_refused),
                                       cmocka_unit_test(what_a_file_holds_is_not_trusted),
                                       cmocka_unit_test(another_study_is_not_gone_on_with)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
