/* SPDX-License-Identifier: Apache-2.0 */
#include "train/warnings.h"

#include <math.h>

#include "train/metrics.h"

enum {
    WORSE_EPOCHS = 3, /* in a row, before the validation is said to get worse */
    STILL_EPOCHS = 5, /* without progress of training */
    CLASS_EPOCHS = 3, /* before that a network may not know all classes yet */
    CLASS_PICTURES = 5
};

static const warning_epoch *last_of(const warning_history *h)
{
    return &h->epochs[h->count - 1];
}

/* The first epoch of the least (or greatest) of a value, in [0, count); -1 without one. */
typedef double (*epoch_value)(const warning_epoch *);

static double training_loss(const warning_epoch *e)
{
    return e->train_loss;
}

static double validation_loss(const warning_epoch *e)
{
    return e->validation_loss;
}

static double minus_accuracy(const warning_epoch *e)
{
    return -e->validation_accuracy;
}

static int64_t find_least(const warning_history *h, int64_t from, int64_t count, epoch_value value)
{
    int64_t best = -1;
    for (int64_t i = from; i < from + count; i++) {
        double v = value(&h->epochs[i]);
        if (isfinite(v) && (best < 0 || v < value(&h->epochs[best])))
            best = i;
    }
    return best;
}

/* Two standard errors of an accuracy. */
static double noise(double accuracy, int64_t pictures)
{
    return 2 * sqrt(fmax(accuracy * (1 - accuracy), 0) / (double)(pictures > 0 ? pictures : 1));
}

/* Since its best epoch the validation's loss has been a tenth above it, three epochs in a row, while training's fell by a tenth. As a
 * loss alone may rise while predictions stay right, accuracy must have fallen, too, or the loss risen by half. */
static bool check_overfitting(const warning_history *h, text *line)
{
    int64_t best = find_least(h, 0, h->count, validation_loss),
            top = find_least(h, 0, h->count, minus_accuracy);
    if (best < 0 || top < 0 || h->count - 1 - best < WORSE_EPOCHS)
        return false;
    const warning_epoch *then = &h->epochs[best], *now = last_of(h);
    double highest = h->epochs[top].validation_accuracy;
    bool fell = true, rose = true;
    for (int64_t i = h->count - WORSE_EPOCHS; i < h->count; i++) {
        if (!(h->epochs[i].validation_loss > 1.1 * then->validation_loss))
            return false;
        fell &= h->epochs[i].validation_accuracy < highest - noise(highest, h->validation_pictures);
        rose &= h->epochs[i].validation_loss > 1.5 * then->validation_loss;
    }
    if (!(now->train_loss < 0.9 * then->train_loss) || !(fell || rose))
        return false;
    text_add(line,
             "overfitting: since epoch %lld the validation loss rose from %.4f to %.4f and accuracy went "
             "from %.2f to "
             "%.2f %%, while the training loss fell from %.4f to %.4f; more pictures, stronger augmentation, "
             "more weight "
             "decay or dropout, or a smaller network would help",
             (long long)best + 1, then->validation_loss, now->validation_loss,
             100 * then->validation_accuracy, 100 * now->validation_accuracy, then->train_loss,
             now->train_loss);
    return true;
}

/* Well above what guessing costs and not getting better, where the initial weights are no excuse; or well above the least so far, two
 * epochs in a row. */
static bool check_rate(const warning_history *h, text *line)
{
    const warning_epoch *now = last_of(h);
    if (h->count > 1 &&
        (now->train_loss > 3 * h->chance_loss ||
         (now->train_loss > 1.5 * h->chance_loss && now->train_loss >= h->epochs[0].train_loss))) {
        text_add(line,
                 "the learning rate may be too high: the training loss of epoch %lld is %.4f, above the %.4f "
                 "of guessing, at "
                 "a rate of %g; try a tenth of it",
                 (long long)h->count, now->train_loss, h->chance_loss, now->rate);
        return true;
    }
    int64_t best = h->count > 2 ? find_least(h, 0, h->count - 2, training_loss) : -1;
    if (best < 0)
        return false;
    double least = h->epochs[best].train_loss, before = h->epochs[h->count - 2].train_loss,
           limit = fmax(1.25 * least, least + 0.1 * h->chance_loss);
    if (!(before > limit && now->train_loss > limit))
        return false;
    text_add(line,
             "the learning rate may be too high: the training loss rose from %.4f in epoch %lld to %.4f in "
             "epoch %lld, at a "
             "rate of %g; try a tenth of it, or a longer warm-up",
             least, (long long)best + 1, now->train_loss, (long long)h->count, now->rate);
    return true;
}

/* Far from done, at a rate that should still move something, and yet less than a hundredth of progress. */
static bool check_plateau(const warning_history *h, text *line)
{
    const warning_epoch *now = last_of(h);
    if (h->count <= STILL_EPOCHS || !(now->rate > 0.1 * h->highest_rate) || !(now->train_accuracy < 0.9))
        return false;
    int64_t before = find_least(h, 0, h->count - STILL_EPOCHS, training_loss),
            since = find_least(h, h->count - STILL_EPOCHS, STILL_EPOCHS, training_loss);
    if (before < 0 || since < 0 || h->epochs[since].train_loss < 0.99 * h->epochs[before].train_loss)
        return false;
    double least = h->epochs[before].train_loss;
    text_add(line,
             "training stands still: the loss of %.4f in epoch %lld was not improved in %d epochs (now %.4f, "
             "accuracy %.2f "
             "%%)%s; try another learning rate than %g, or a larger network",
             least, (long long)before + 1, STILL_EPOCHS, now->train_loss, 100 * now->train_accuracy,
             least > 0.98 * h->chance_loss ? ", no better than guessing" : "", now->rate);
    return true;
}

/* The first epoch does not count: it fills caches, the operating system's too. */
static bool check_loader(const warning_history *h, text *line)
{
    if (h->count < 3)
        return false;
    const warning_epoch *now = last_of(h), *before = now - 1;
    if (!(now->wait_share > 0.3 && before->wait_share > 0.3 && now->wait_share * now->seconds > 1))
        return false;
    text_add(line, "%.0f %% of epoch %lld was waiting for pictures (%.1f of %.1f s): ", 100 * now->wait_share,
             (long long)h->count, now->wait_share * now->seconds, now->seconds);
    text_add(line,
             h->cached
                 ? "more threads that load, or fewer and cheaper augmentations would help"
                 : "keeping decoded pictures (--cache ram or disk), smaller files ('fovea data pack' with a "
                   "size) or more threads that load would help");
    return true;
}

/* Of a network that has learned something: one that has not confuses all classes. */
static bool check_class(const warning_history *h, text *line)
{
    int64_t never = 0, first = -1, pictures = 0;
    if (!h->confusion || h->count < CLASS_EPOCHS || 2 * h->count < h->planned)
        return false;
    if (!(last_of(h)->validation_accuracy > fmin(2.0 / (double)h->classes, 0.75)))
        return false;
    for (int64_t c = 0; c < h->classes; c++) {
        int64_t support = 0, predicted = 0;
        for (int64_t i = 0; i < h->classes; i++) {
            support += h->confusion[c * h->classes + i];
            predicted += h->confusion[i * h->classes + c];
        }
        if (support < CLASS_PICTURES || predicted > 0)
            continue;
        if (never++ == 0) {
            first = c;
            pictures = support;
        }
    }
    if (never == 0)
        return false;
    text_add(line,
             "class '%s' is never predicted: none of the validation's %lld pictures, %lld of them of that "
             "class, in epoch %lld",
             h->names ? h->names[first] : "", (long long)h->validation_pictures, (long long)pictures,
             (long long)h->count);
    if (never > 1)
        text_add(line, never == 2 ? "; nor is %lld other class" : "; nor are %lld other classes",
                 (long long)never - 1);
    text_add(line, "; if it has few training pictures, try --balance sampler or weights");
    return true;
}

/* Only what the run claims in the end counts: its best epoch. */
static bool check_validation(const warning_history *h, text *line)
{
    if (!h->ended || !h->one_class || h->count < 2 || h->validation_pictures < 1)
        return false;
    int64_t best = find_least(h, 0, h->count, minus_accuracy), second = -1;
    for (int64_t i = 0; i < h->count; i++)
        if (i != best &&
            (second < 0 || h->epochs[i].validation_accuracy > h->epochs[second].validation_accuracy))
            second = i;
    if (best < 0)
        return false;
    double low, high, accuracy = h->epochs[best].validation_accuracy,
                      difference = accuracy - h->epochs[second].validation_accuracy;
    metrics_wilson(llround(accuracy * (double)h->validation_pictures), h->validation_pictures, &low, &high);
    if (!(high - low > 0.1) || !(difference < (high - low) / 2))
        return false;
    text_add(
        line,
        "the validation is small: of %lld pictures %.2f %% are right in epoch %lld, which may stand for "
        "anything from "
        "%.1f to %.1f %%; that epoch %lld has %.2f %% says little, and so do other runs that are as near",
        (long long)h->validation_pictures, 100 * accuracy, (long long)best + 1, 100 * low, 100 * high,
        (long long)second + 1, 100 * h->epochs[second].validation_accuracy);
    return true;
}

bool warning_check(warning_kind kind, const warning_history *h, text *line)
{
    static bool (*const checks[WARNING_KINDS])(const warning_history *,
                                               text *) = {[WARNING_OVERFITTING] = check_overfitting,
                                                          [WARNING_RATE] = check_rate,
                                                          [WARNING_PLATEAU] = check_plateau,
                                                          [WARNING_LOADER] = check_loader,
                                                          [WARNING_CLASS] = check_class,
                                                          [WARNING_VALIDATION] = check_validation};
    return h->count > 0 && checks[kind](h, line);
}
