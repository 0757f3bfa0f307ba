/* SPDX-License-Identifier: Apache-2.0 */
/* fovea train: from a folder of pictures to a run folder with a model and a report. */
#include "cli/train.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/config.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "cli/watch.h"
#include "core/clock.h"
#include "core/file.h"
#include "core/memory.h"

/* Options that stand beside --resume would make it another run. */
static int check_resume(const invocation *call)
{
    for (const option *o = call->verb->options; o->name; o++)
        if (strcmp(o->name, "resume") != 0 && strcmp(o->name, "watch") != 0 &&
            !options_is_default(o, call->options))
            return cli_usage("--resume takes its options from the run's args.yaml; leave out --%s", o->name);
    return EXIT_DONE;
}

fv_status train_read_run(train_setup *s, const char *run)
{
    char *path = file_join(run, "args.yaml");
    if (!path || !file_exists(path)) {
        free(path);
        return status_set(FV_ERROR_IO, "%s: is not a run folder: it has no args.yaml", run);
    }
    fv_status status = config_read(path, cv_table, &s->a, &s->pool);
    free(path);
    s->a.resume = s->a.out = run;
    s->a.watch = 0;
    return status;
}

int train_read_arguments(train_setup *s, const invocation *call)
{
    s->a = *(const train_arguments *)call->options;
    const char *resume = s->a.resume, *config = s->a.config;
    if (resume) {
        if (check_resume(call) != EXIT_DONE)
            return EXIT_USAGE;
        int64_t port = s->a.watch;
        s->a = (train_arguments){0};
        if (train_read_run(s, resume) != FV_OK)
            return cli_fail();
        s->a.watch = port;
    } else if (config) {
        int count;
        s->a = (train_arguments){0};
        if (config_read(config, call->verb->options, &s->a, &s->pool) != FV_OK)
            return cli_usage("%s", fv_error_message());
        s->a.config = s->a.resume = NULL;
        if (parse_flags(call->verb, call->words, call->word_count, &s->a, call->arguments, &count) != FV_OK)
            return cli_usage("%s", fv_error_message());
    }
    if (call->count > 0)
        s->a.data = call->arguments[0];
    if (!s->a.data)
        return cli_usage("%s needs DATA; see 'fovea %s --help'", call->verb->name, call->verb->name);
    if (train_setup_check(&s->a) != FV_OK)
        return cli_usage("%s", fv_error_message());
    return resume || !s->a.out || run_folder_check(s->a.out) == FV_OK ? EXIT_DONE : cli_fail();
}

static fv_status begin_run(train_setup *s)
{
    train_arguments *a = &s->a;
    if (a->resume)
        return FV_OK;
    if (a->out) {
        STATUS_TRY(file_make_folders(a->out));
    } else if (!(a->out = pool_keep(&s->pool, run_folder_fresh(a->data)))) {
        return status_last();
    }
    train_arguments written = *a;
    written.resume = written.config = NULL;
    written.watch = 0;
    char comment[64], *path = file_join(a->out, "args.yaml");
    snprintf(comment, sizeof comment, "fovea %s train", fv_version());
    fv_status status =
        path ? config_write(path, written.fold ? cv_table : train_table, &written, comment) : status_last();
    free(path);
    return status == FV_OK ? train_find_write(s) : status;
}

static void say_plan(const train_setup *s)
{
    const fv_preprocess *p = fv_model_preprocess(s->model);
    const char *part[] = {"training", "validation", "test"};
    const fv_dataset *data[] = {s->train, s->validation, s->test};
    text line = {0};
    text_add(&line, "%lld classes;", (long long)fv_dataset_class_count(s->train));
    for (int i = 0; i < 3; i++)
        if (data[i])
            text_add(&line, "%s %lld %s", i ? "," : "", (long long)fv_dataset_size(data[i]), part[i]);
    cli_say("%s pictures", text_string(&line));
    text_release(&line);
    cli_say("%s: %lldx%lldx%lld, %lld parameters; run folder %s", fv_model_name(s->model),
            (long long)p->height, (long long)p->width, (long long)p->channels,
            (long long)fv_model_parameter_count(s->model), s->a.out);
}

static fv_status fit(train_setup *s, progress_bar *bar, const fv_watcher *const *watchers)
{
    const train_arguments *a = &s->a;
    char *last = file_join(a->out, "last.safetensors");
    if (!last)
        return status_last();
    bool go_on = a->resume && file_exists(last);
    int64_t steps;
    double minutes;
    fv_fit_options o = train_fit_options(s);
    fv_status status = train_checkpoints_read(a->checkpoint_every, &steps, &minutes);
    o.checkpoint_steps = steps;
    o.checkpoint_minutes = minutes;
    o.keep_checkpoints = a->keep_checkpoints;
    o.resume = go_on ? last : NULL;
    o.on_step = progress_step;
    o.on_epoch = progress_epoch;
    o.on_log = progress_log;
    o.user = bar;
    o.watchers = watchers;
    if (status == FV_OK)
        status = fv_fit_with(&o);
    progress_end(bar);
    free(last);
    return status;
}

/* Measures the best model on test pictures, else on validation ones (whose skipped ones were logged already), and
 * writes the report. */
static fv_status report(train_setup *s, progress_bar *bar, fv_evaluation *e)
{
    const fv_dataset *data = s->test ? s->test : s->validation;
    if (data) {
        fv_status status =
            fv_evaluate(s->model, .data = data, .result = e, .on_error = (fv_on_error)s->a.on_error,
                        .on_step = progress_step, .on_log = s->test ? progress_log : NULL, .user = bar);
        progress_end(bar);
        STATUS_TRY(status);
    }
    text title = {0};
    text_add(&title, "%s on %s", fv_model_name(s->model), file_base_name(s->a.data));
    fv_status status =
        fv_report_write(s->a.out, .model = s->model, .data = data, .evaluation = data ? e : NULL,
                        .title = text_string(&title), .dataset = s->data);
    text_release(&title);
    return status;
}

static int summarise(const train_setup *s, const progress_bar *bar, const fv_evaluation *e)
{
    run_best best;
    if (run_folder_best(s->a.out, (fv_monitor)s->a.monitor, &best) != FV_OK)
        return cli_fail();
    printf("best epoch  %lld of %lld: %s accuracy %.2f %%, loss %.4f", (long long)best.epoch,
           (long long)best.epochs, best.validated ? "validation" : "training", 100 * best.accuracy,
           best.loss);
    if (isfinite(best.map))
        printf(", mAP %.4f, F1 %.4f", best.map, best.f1);
    printf("\n");
    if (s->test && e->multi_label)
        printf(
            "test        accuracy %.2f %% of the classes of %lld pictures, %.2f %% with all of them right\n",
            100 * e->accuracy, (long long)e->images, 100 * e->exact_match);
    else if (s->test)
        printf("test        accuracy %.2f %% of %lld pictures (95 %% interval %.2f..%.2f %%)\n",
               100 * e->accuracy, (long long)e->images, 100 * e->accuracy_low, 100 * e->accuracy_high);
    if (bar->seconds > 0)
        printf("time        %.1f s in epochs, %.1f %% of it waiting for data\n", bar->seconds,
               100 * bar->wait_seconds / bar->seconds);
    printf("model       %s/best.safetensors\nreport      %s/report.html\n", s->a.out, s->a.out);
    return EXIT_DONE;
}

/* The exit status of a run that did not end well. */
static int explain_failure(const train_setup *s, fv_status status)
{
    int signal_number = interrupt_signal();
    if (status == FV_INTERRUPTED && signal_number) {
        const char *name = signal_number == SIGINT ? "SIGINT" : "SIGTERM";
        if (s->resume_from)
            cli_say("interrupted by %s; go on with: fovea %s", name, s->resume_from);
        else
            cli_say("interrupted by %s; go on with: fovea train --resume %s", name, s->a.out);
        return 128 + signal_number;
    }
    cli_fail();
    if (run_folder_has(s->a.out, "best.safetensors"))
        cli_say("the best model so far is in %s/best.safetensors", s->a.out);
    return EXIT_FAILED;
}

/* A page that cannot be shown is no reason not to train. */
static watch *start_page(const train_setup *s)
{
    watch *page = NULL;
    char *folder = mem_string(s->a.out);
    if (folder && watch_start(&page, s->a.watch, &folder, 1) == FV_OK) {
        free(folder);
        return page;
    }
    cli_say("warning: the run cannot be watched: %s", fv_error_message());
    watch_stop(page);
    free(folder);
    return NULL;
}

static int train(train_setup *s)
{
    fv_evaluation e = {0};
    progress_bar bar;
    fv_watcher live = {0}, events = {0};
    const fv_watcher *watchers[] = {&live, &events, NULL};
    watch *page = NULL;
    progress_init(&bar);
    say_plan(s);
    fv_status status = run_folder_open_log(s->a.out, s->data, &bar.log);
    if (status == FV_OK)
        status = fv_live_init(&live, s->a.out);
    if (status == FV_OK)
        status = fv_events_init(&events, s->a.out);
    if (status == FV_OK && s->a.watch > 0)
        page = start_page(s);
    if (status == FV_OK)
        status = fit(s, &bar, watchers);
    if (status == FV_OK)
        status = report(s, &bar, &e);
    int result = status == FV_OK ? summarise(s, &bar, &e) : explain_failure(s, status);
    fv_evaluation_release(&e);
    watch_stop(page);
    fv_watcher_release(&events);
    fv_watcher_release(&live);
    if (bar.log)
        fclose(bar.log);
    return result;
}

int train_run(train_setup *s)
{
    if (s->a.resume && run_folder_has(s->a.resume, "report.html")) {
        cli_say("%s: this run is finished; nothing to do", s->a.resume);
        return EXIT_DONE;
    }
    s->find.start = clock_seconds();
    if (train_setup_prepare(s) == FV_OK && begin_run(s) == FV_OK)
        return train(s);
    cli_fail();
    return interrupt_signal() ? 128 + interrupt_signal() : EXIT_FAILED;
}

static int run(const invocation *call)
{
    train_setup s = {0};
    int status = train_read_arguments(&s, call);
    interrupt_catch();
    if (status == EXIT_DONE && !s.a.fold && (s.a.folds || s.a.leave_one_group_out > 0))
        status =
            cli_fail_with("%s: is a cross-validation; go on with: fovea cv --resume %s", s.a.out, s.a.out);
    else if (status == EXIT_DONE)
        status = train_run(&s);
    train_setup_release(&s);
    return status;
}

const verb verb_train = {
    .name = "train",
    .computes = true,
    .arguments = "DATA",
    .summary = "Trains a classifier on pictures; gives a model and a report",
    .description = "DATA is a folder of class folders; a folder with train/, val/ or valid/, test/ inside; a "
                   "folder with IDX files; or a "
                   "cifar-10-batches-bin or cifar-100-binary folder.\n\n"
                   "The run folder holds args.yaml, results.csv, best.safetensors, last.safetensors, "
                   "events.out.tfevents.* (for "
                   "TensorBoard), log.txt and report.html. Ctrl-C finishes the "
                   "step, saves, and says how to go on.",
    .example = "fovea train photos/ --epochs 10 --model resnet18",
    .options = train_table,
    .size = sizeof(train_arguments),
    .least = 0,
    .most = 1,
    .run = run,
};
