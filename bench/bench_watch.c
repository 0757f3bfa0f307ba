/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What watching costs: trains, and measures the time that the watchers of TensorBoard's files and of the live page take of it, in wall
 * time and in processor time of the training thread.
 *
 *     bench_watch DATA FOLDER [NETWORK [EPOCHS [BATCH]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "fovea.h"

typedef struct timed {
    fv_watcher inner;
    const char *name;
    double wall[3], cpu[3]; /* of on_batch, on_step, on_epoch */
    int64_t steps, epochs;
} timed;

static double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static fv_status call(timed *t, int which, fv_status (*function)(const fv_run_view *, void *),
                      const fv_run_view *v)
{
    double wall = clock_seconds(), cpu = cpu_seconds();
    fv_status status = function(v, t->inner.user);
    t->wall[which] += clock_seconds() - wall;
    t->cpu[which] += cpu_seconds() - cpu;
    return status;
}

static fv_status on_batch(const fv_run_view *v, void *user)
{
    timed *t = user;
    return call(t, 0, t->inner.on_batch, v);
}

static fv_status on_step(const fv_run_view *v, void *user)
{
    timed *t = user;
    t->steps++;
    return call(t, 1, t->inner.on_step, v);
}

static fv_status on_epoch(const fv_run_view *v, void *user)
{
    timed *t = user;
    t->epochs++;
    return call(t, 2, t->inner.on_epoch, v);
}

static void check(int good)
{
    if (good)
        return;
    fprintf(stderr, "bench_watch: %s\n", fv_error_message());
    exit(1);
}

static void print(const timed *t, double wall, double cpu)
{
    double all = t->wall[0] + t->wall[1] + t->wall[2], all_cpu = t->cpu[0] + t->cpu[1] + t->cpu[2];
    printf(
        "%-8s  batch %.1f ms, a step %.4f ms, an epoch's end %.1f ms; of all %.2f %% (processor %.2f %%)\n",
        t->name, 1e3 * t->wall[0], 1e3 * t->wall[1] / (double)t->steps, 1e3 * t->wall[2] / (double)t->epochs,
        100 * all / wall, 100 * all_cpu / cpu);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: bench_watch DATA FOLDER [NETWORK [EPOCHS [BATCH]]]\n");
        return 2;
    }
    int64_t epochs = argc > 4 ? atoll(argv[4]) : 3, batch = argc > 5 ? atoll(argv[5]) : 0;
    fv_dataset *data = fv_dataset_open(argv[1]);
    check(data != NULL);
    int64_t height, width, channels;
    check(fv_dataset_shape(fv_dataset_part(data, FV_TRAIN), &height, &width, &channels) == FV_OK);
    int small = height <= 64 && width <= 64;
    fv_model *m =
        fv_zoo_create(argc > 3 ? argv[3] : "small_cnn", .classes = fv_dataset_class_count(data),
                      .height = small ? height : 0, .width = small ? width : 0, .channels = channels);
    check(m != NULL);
    timed list[] = {{.name = "events"}, {.name = "live"}};
    check(fv_events_init(&list[0].inner, argv[2]) == FV_OK && fv_live_init(&list[1].inner, argv[2]) == FV_OK);
    fv_watcher watchers[2];
    const fv_watcher *watching[] = {&watchers[0], &watchers[1], NULL};
    for (int i = 0; i < 2; i++)
        watchers[i] = (fv_watcher){.struct_size = sizeof *watchers,
                                   .on_batch = on_batch,
                                   .on_step = on_step,
                                   .on_epoch = on_epoch,
                                   .user = &list[i]};
    double wall = clock_seconds(), cpu = cpu_seconds();
    check(fv_fit(m, fv_dataset_part(data, FV_TRAIN), .validation = fv_dataset_part(data, FV_VALIDATION),
                 .epochs = epochs, .batch = batch, .out = argv[2], .watchers = watching) == FV_OK);
    wall = clock_seconds() - wall;
    cpu = cpu_seconds() - cpu;
    printf("%lld epochs of %lld steps: %.1f s, %.1f ms a step\n", (long long)epochs,
           (long long)(list[0].steps / epochs), wall, 1e3 * wall / (double)list[0].steps);
    for (int i = 0; i < 2; i++) {
        print(&list[i], wall, cpu);
        fv_watcher_release(&list[i].inner);
    }
    fv_model_destroy(m);
    fv_dataset_destroy(data);
    return 0;
}
