/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations: what each takes, gives and means. This page is the contract between the graph and the engines.
 *
 * Notation: x (N, H, W, C); [a] is optional (NO_VALUE); "-> a, b" are the outputs; "a := …" updates a persistent value in
 * place. The fields of op_attributes that an operation uses stand behind "attributes:". `activation` in an operation's
 * attributes is applied to its first output as its last step.
 *
 * OP_NORMALIZE          pixels u8 (N,H,W,C) -> y; y[c] = (pixels[reverse ? C-1-c : c] - mean[c]) / std[c].  attributes: mean, std, reverse
 * OP_CONV2D             x, w (O, C/groups, KH, KW), [b (O)], [residual as y] -> y = act(conv(x, w) + b + residual).
 *                       Cross-correlation, zero padding. attributes: window, activation, alpha
 * OP_CONV2D_GRAD_INPUT  dy, w -> dx (shape a.shape).                         attributes: window, shape (of x)
 * OP_CONV2D_GRAD_WEIGHT x, dy -> dw, [db].                                   attributes: window, shape (of w)
 * OP_DENSE              x (N, I) or (N,H,W,C) flattened in C,H,W order, w (O, I), [b (O)], [residual] -> y (N, O). each_place: a picture's
 *                       places each on their own, w (O, C) -> y (N,H,W,O).   attributes: activation, each_place
 * OP_DENSE_GRAD_INPUT   dy, w -> dx.                                         attributes: shape (of x, rank 2 or 4), each_place
 * OP_DENSE_GRAD_WEIGHT  x, dy -> dw, [db].                                   attributes: shape (of w), each_place
 * OP_MAX_POOL2D         x -> y, [workspace opaque]. Padding never wins.      attributes: window
 * OP_MAX_POOL2D_GRAD    x, dy, workspace -> dx. The gradient goes to the first of equal maxima (row by row). attributes: window
 * OP_AVERAGE_POOL2D     x -> y.                                              attributes: window, count_padding
 * OP_AVERAGE_POOL2D_GRAD dy -> dx.                                           attributes: window, count_padding, shape (of x)
 * OP_GLOBAL_AVERAGE_POOL2D x -> y (N, C).
 * OP_GLOBAL_AVERAGE_POOL2D_GRAD dy (N, C) -> dx.                             attributes: shape (of x)
 * OP_BATCH_NORM         x (N,H,W,C) or (N,C), gamma, beta, running_mean, running_var (all (C)), [residual as x]
 *                       -> y, mean (C), variance (C, biased), workspace opaque, running_mean :=, running_var := (unbiased variance, as PyTorch).
 *                       y = act(gamma * (x - mean) / sqrt(variance + epsilon) + beta + residual). activation: linear or ReLU.
 *                       running := (1 - momentum) * running + momentum * batch.  attributes: epsilon, momentum, activation
 * OP_BATCH_NORM_GRAD    x, dy, gamma, mean, variance, workspace, y -> dx, dgamma, dbeta, [dresidual]. y is NO_VALUE when linear.
 *                       attributes: as the forward's
 * OP_BATCH_NORM_INFERENCE x, gamma, beta, running_mean, running_var, [residual] -> y.  attributes: epsilon, activation, alpha (any activation)
 * OP_BATCH_NORM_INFERENCE_GRAD x, dy, gamma, running_mean, running_var -> dx, [dgamma], [dbeta]: the statistics are constants. dy is the
 *                       gradient before the activation.                     attributes: epsilon
 * OP_FOLD_BATCH_NORM    w (O,...), [b], gamma, beta, running_mean, running_var -> w', b'.  attributes: epsilon
 * OP_GROUP_NORM         x (N,H,W,C) or (N,C), gamma (C), beta (C) -> y, mean (N,P), scale (N,P): each of the `groups` groups of neighbouring
 *                       channels of a picture, or with each_place of one place of it, has its mean and biased variance; scale =
 *                       1 / sqrt(variance + epsilon); y = gamma * (x - mean) * scale + beta. P = groups, times H * W with each_place.
 *                       Layer normalisation is groups 1, each_place.          attributes: groups, each_place, epsilon
 * OP_GROUP_NORM_GRAD    x, dy, gamma, mean, scale -> dx, dgamma, dbeta.       attributes: as the forward's
 * OP_ATTENTION          qkv (N,H,W,3C) -> y (N,H,W,C), [p (N, heads, L, L)], L = H * W places. The channels are the queries of head 0, 1, …, then
 *                       the keys, then the values, of C / heads each; p = softmax over keys of q k^T / sqrt(C / heads); y = p v, the heads
 *                       side by side (Vaswani et al. 2017).                   attributes: heads
 * OP_ATTENTION_GRAD     qkv, p, dy -> dqkv.                                   attributes: heads
 * OP_ACTIVATION         x -> y.                                              attributes: activation, alpha (never softmax)
 * OP_ACTIVATION_GRAD    x or NO_VALUE, y or NO_VALUE, dy -> dx. ReLU, leaky ReLU, ReLU6, sigmoid, hard sigmoid, tanh are given y only; both
 *                       GELUs, SiLU, hard-swish x only. ReLU's gradient at 0 is 0.        attributes: activation, alpha
 * OP_SOFTMAX            x -> y over the last dimension.
 * OP_SOFTMAX_GRAD       y, dy -> dx.
 * OP_FAKE_QUANTIZE      x, scale (1), zero_point (1) -> y, x as whole numbers of few bits hold it (Jacob et al. 2018):
 *                       y = scale * (q - zero_point), q = round(x / scale) + zero_point held in [quant_min, quant_max]; halves go to the even one.
 *                       zero_point itself is rounded and held there, so that 0 stays 0, and scale counts as FLT_MIN where it is not positive.
 *                       attributes: quant_min, quant_max
 * OP_FAKE_QUANTIZE_GRAD x, scale, zero_point, dy -> dx = dy where q needs no holding, else 0: rounding counts as straight (Bengio et al. 2013).
 *                       attributes: as the forward's
 * OP_DROPOUT            x, step u32-as-i32 (2: seed-mixed low, high) -> y = x * keep / (1 - rate). keep of element i (logical row-major
 *                       index) depends on (step[0], step[1], stream, i) only: Philox block i/4, word i%4 with key (step[0], step[1]) and
 *                       counter (low(i/4), high(i/4), stream, 0); kept when (word >> 8) * 2^-24 >= rate. per_sample: all elements of
 *                       sample n of the batch are kept or not as element n; per_channel: all of its channel c as element n * C + c. Its own
 *                       gradient.  attributes: rate, stream, per_sample, per_channel
 * OP_ADD                a, b -> y = act(a + b), broadcast over sides of 1.     attributes: activation, alpha
 * OP_MULTIPLY           a, b -> y, broadcast.
 * OP_REDUCE_SUM         x -> y of shape a.shape, which has 1 where it is summed over (x's rank).  attributes: shape
 * OP_CONCAT             x0..xn -> y along the last dimension.
 * OP_PAD                x -> y with `before` and `after` zeros in each dimension.  attributes: before, after
 * OP_CROP               x -> y: x without `before` and `after`.               attributes: before, after
 * OP_SHUFFLE            x -> y: channels (groups, C / groups) become (C / groups, groups): y[i * groups + g] = x[g * C / groups + i].
 *                       attributes: groups
 * OP_RESHAPE            x -> y: the same numbers in row-major order. A first side of BATCH is x's own first side.  attributes: shape
 * OP_FLATTEN            x (N,H,W,C) -> y (N, C*H*W), C slowest.
 * OP_UNFLATTEN          y -> x (its inverse).                                 attributes: shape (of x)
 * OP_SOFTMAX_CROSS_ENTROPY  logits (N,K), target i32 (N) or f32 (N,K), weight f32 (N) -> loss (1), probabilities (N,K).
 *                       loss = sum_i weight_i * l_i / sum_i weight_i (0 when all weights are 0); targets are smoothed: (1 - s) t + s / K.   attributes: smoothing
 * OP_SOFTMAX_CROSS_ENTROPY_GRAD probabilities, target, weight -> dlogits.     attributes: smoothing
 * OP_SIGMOID_CROSS_ENTROPY  logits (N,K), target i32 (N) or f32 (N,K), weight (N) -> loss (1), probabilities (N,K). The mean over K of the K
 *                       binary losses, weighted over N as above; an i32 target is one-hot, or the 0/1 value itself when K is 1; smoothed:
 *                       (1 - s) t + s / 2.                                    attributes: smoothing
 * OP_SIGMOID_CROSS_ENTROPY_GRAD probabilities, target, weight -> dlogits.     attributes: smoothing
 * OP_SOFTMAX_LOSS       logits (N,K), target i32 (N) or f32 (N,K), weight f32 (N), [teacher f32 (N,K)] -> loss (1), slope (N,K). What a softmax
 *                       can be trained with beyond cross-entropy; slope: the derivatives of l_i by the logits of i, before weights. Targets are
 *                       smoothed and l_i weighted as above: l = sum_k t_k (1 - p_k)^gamma (-log p_k) (Lin et al. 2017: focal); with a teacher's
 *                       probabilities q at temperature T (Hinton et al. 2015) it is (1 - share) l + share T^2 sum_k q_k log(q_k / p_k(T)), where
 *                       p(T) = softmax(logits / T).                           attributes: smoothing, gamma, temperature, teacher_share
 * OP_SIGMOID_LOSS       logits (N,K), target, weight, [teacher f32 (N,K)], [positive f32 (K)] -> loss (1), slope (N,K). The same of K sigmoids, the
 *                       mean over K of l = a_k t (1 - p)^gamma (-log p) + b (1 - t) p^gamma (-log(1 - p)) and of the binary divergences from the
 *                       teacher; a_k = positive_k (1 when absent), b = 1, with alpha (0: none) times alpha and 1 - alpha.
 *                       attributes: smoothing, gamma, alpha, temperature, teacher_share
 * OP_LOSS_GRAD          slope (N,K), weight (N) -> dlogits = slope_i * weight_i / sum_j weight_j.
 * OP_CORRECT            logits (N,K), target i32 (N) or f32 (N,K), weight (N) -> count f32 (1): sum of weights where the largest logit (the first of
 *                       equal ones) is the target's, or, of an f32 target, where no other class's target is larger; K 1: where logit > 0 is what the
 *                       i32 target or f32 target > 0.5 is. Several labels (`each`, f32 targets only): of weight * the share of the K classes with
 *                       logit > 0 where the target is > 0.5, and only there (Keras's binary accuracy).  attributes: each
 * OP_VOTE               scores f32 (N,M), labels f32 (M), neighbours f32 (1) -> logits (N,K): the log of each class's share of the vote of the
 *                       `neighbours` rows (at least 1, at most 256) of the greatest scores, of equal ones the first: log((v + 1/K) / (n + 1))
 *                       where v of n voters are the class's. A label outside 0..K-1 and a score that is not a number do not vote.
 *                       attributes: classes (K)
 * OP_ADJUST_GRADIENT    g, p -> y = g + l1 * sign(p) + l2 * p, then held in [-limit, limit] (0: no limit).  attributes: l1, l2, limit
 * OP_SQUARE_SUM         x, [total (1)] -> y (1) = total + the sum of x^2. The same whatever the number of threads.
 * OP_CLIP_FACTOR        total (1) -> factor (1), norm (1).  norm = sqrt(total); factor = min(1, limit / (norm + 1e-6)) (PyTorch's
 *                       clip_grad_norm_).  attributes: limit
 * OP_AVERAGE            average, x, share (1) -> average := (1 - share) * average + share * x.
 *
 * Updates multiply lr by lr_scale, and g by [factor (1)] before all else.
 *
 * OP_UPDATE_SGD         p, g, [buffer], lr (1), [factor] -> p :=, [buffer :=].  decoupled: p -= lr * weight_decay * p, else g += weight_decay * p;
 *                       buffer = momentum * buffer + g; p -= lr * (nesterov ? g + momentum * buffer : buffer) (PyTorch's).
 *                       attributes: momentum, nesterov, weight_decay, decoupled
 * OP_UPDATE_ADAM        p, g, m, v, lr (1), t (1, from 1), [factor] -> p :=, m :=, v :=.  weight decay as SGD's;
 *                       m = b1 m + (1-b1) g; v = b2 v + (1-b2) g^2; p -= lr * (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + epsilon)
 *                       (Kingma & Ba 2015; AdamW: Loshchilov & Hutter 2019). nesterov: in place of m / (1-b1^t) it is
 *                       mu_(t+1) m / (1 - M_(t+1)) + (1-mu_t) g / (1 - M_t), mu_t = b1 (1 - 0.96^(0.004 t) / 2), M_t = mu_1 ... mu_t (NAdam:
 *                       Dozat 2016, as PyTorch).  attributes: beta_1, beta_2, epsilon, weight_decay, decoupled, nesterov
 * OP_UPDATE_RMSPROP     p, g, s, [buffer], lr (1), [factor] -> p :=, s :=, [buffer :=].  g += weight_decay * p; s = rho s + (1-rho) g^2;
 *                       u = g / (sqrt(s) + epsilon); buffer = momentum * buffer + u; p -= lr * buffer (or u).  attributes: beta_1 (rho), momentum, epsilon, weight_decay
 * OP_UPDATE_ADAGRAD     p, g, s, lr (1), [factor] -> p :=, s :=.  g += weight_decay * p; s += g^2; p -= lr * g / (sqrt(s) + epsilon)
 *                       (Duchi et al. 2011).  attributes: epsilon, weight_decay
 * OP_UPDATE_LION        p, g, m, lr (1), [factor] -> p :=, m :=.  p -= lr * (weight_decay * p + sign(b1 m + (1-b1) g)); m = b2 m + (1-b2) g
 *                       (Chen et al. 2023).  attributes: beta_1, beta_2, weight_decay
 * OP_UPDATE_LAMB        p, g, m, v, lr (1), t (1), [factor] -> p :=, m :=, v :=.  m, v and their quotient u as Adam's; u += weight_decay * p;
 *                       p -= lr * u, times |p| / |u| where `adapt` and neither is 0 (You et al. 2020).
 *                       attributes: beta_1, beta_2, epsilon, weight_decay, adapt
 * OP_ORTHOGONAL_MOMENTUM g (O, ...), buffer, [factor] -> y, buffer :=, three workspaces of its own (m, m), (m, m), (m, k). Muon's direction
 *                       (Jordan 2024): buffer = momentum * buffer + (1 - momentum) g; u = momentum * buffer + (1 - momentum) g as a matrix (O, rest),
 *                       transposed where it is higher than wide; X = u / max(|u|, 1e-7); five times X = aX + (bG + cG^2) X with G = X X^T and a, b, c =
 *                       3.4445, -4.7750, 2.0315; y = sqrt(max(1, O / rest)) X.        attributes: momentum
 */
#ifndef GRAPH_OPS_H
#define GRAPH_OPS_H

#include "fovea.h"

typedef enum op_kind {
    OP_NORMALIZE,
    OP_CONV2D,
    OP_CONV2D_GRAD_INPUT,
    OP_CONV2D_GRAD_WEIGHT,
    OP_DENSE,
    OP_DENSE_GRAD_INPUT,
    OP_DENSE_GRAD_WEIGHT,
    OP_MAX_POOL2D,
    OP_MAX_POOL2D_GRAD,
    OP_AVERAGE_POOL2D,
    OP_AVERAGE_POOL2D_GRAD,
    OP_GLOBAL_AVERAGE_POOL2D,
    OP_GLOBAL_AVERAGE_POOL2D_GRAD,
    OP_BATCH_NORM,
    OP_BATCH_NORM_GRAD,
    OP_BATCH_NORM_INFERENCE,
    OP_BATCH_NORM_INFERENCE_GRAD,
    OP_FOLD_BATCH_NORM,
    OP_GROUP_NORM,
    OP_GROUP_NORM_GRAD,
    OP_ATTENTION,
    OP_ATTENTION_GRAD,
    OP_ACTIVATION,
    OP_ACTIVATION_GRAD,
    OP_SOFTMAX,
    OP_SOFTMAX_GRAD,
    OP_FAKE_QUANTIZE,
    OP_FAKE_QUANTIZE_GRAD,
    OP_DROPOUT,
    OP_ADD,
    OP_MULTIPLY,
    OP_REDUCE_SUM,
    OP_CONCAT,
    OP_PAD,
    OP_CROP,
    OP_SHUFFLE,
    OP_RESHAPE,
    OP_FLATTEN,
    OP_UNFLATTEN,
    OP_SOFTMAX_CROSS_ENTROPY,
    OP_SOFTMAX_CROSS_ENTROPY_GRAD,
    OP_SIGMOID_CROSS_ENTROPY,
    OP_SIGMOID_CROSS_ENTROPY_GRAD,
    OP_SOFTMAX_LOSS,
    OP_SIGMOID_LOSS,
    OP_LOSS_GRAD,
    OP_CORRECT,
    OP_VOTE,
    OP_ADJUST_GRADIENT,
    OP_SQUARE_SUM,
    OP_CLIP_FACTOR,
    OP_AVERAGE,
    OP_UPDATE_SGD,
    OP_UPDATE_ADAM,
    OP_UPDATE_RMSPROP,
    OP_UPDATE_ADAGRAD,
    OP_UPDATE_LION,
    OP_UPDATE_LAMB,
    OP_ORTHOGONAL_MOMENTUM,
    OP_KIND_COUNT
} op_kind;

/* Of OP_FAKE_QUANTIZE's range. Beyond 16 bits a grid is as good as f32, and the engines round by a trick that is exact for numbers below 2^22. */
enum {
    OP_QUANT_LOWEST = -32768,
    OP_QUANT_HIGHEST = 65535
};

/* A sliding window; [0] is vertical, [1] horizontal. */
typedef struct window {
    int64_t kernel[2], stride[2], dilation[2], groups;
    int64_t pad[4]; /* top, bottom, left, right; resolved: "same" has become numbers */
} window;

typedef struct op_attributes {
    window window;
    fv_activation_kind activation;
    float alpha;
    float epsilon, momentum;
    float mean[FV_MAX_CHANNELS], std[FV_MAX_CHANNELS];
    int reverse;
    float rate;
    uint32_t stream;
    int per_sample, per_channel;
    int64_t groups, heads, classes;
    int each_place; /* nonzero: each place of a picture on its own */
    int count_padding;
    int64_t quant_min, quant_max;
    int64_t before[4], after[4];
    shape shape; /* of the output, where it cannot be inferred */
    float smoothing, gamma, temperature, teacher_share;
    int each; /* nonzero: every class is an answer of its own */
    float beta_1, beta_2, weight_decay, lr_scale;
    int nesterov, decoupled, adapt;
    float l1, l2, limit;
} op_attributes;

struct graph;
struct op;
struct value;

/* What the graph knows of a kind of operation; one row each in graph/ops/table.c. */
typedef struct op_info {
    const char *name; /* "conv2d" */
    int min_inputs, max_inputs, outputs;
    /* Checks inputs and attributes, and sets type and shape of every output. */
    fv_status (*infer)(const struct graph *g, const struct op *o, struct value *outputs);
    /* Appends gradient operations: dy[] are the outputs' gradients (NO_VALUE: none; a loss's own is NO_VALUE and means 1),
     * dx[] is set for each input where wanted[] says so, and left NO_VALUE where there is none. `o` is a copy that stays
     * valid while the graph grows. NULL: not differentiable. */
    fv_status (*gradient)(struct graph *g, const struct op *o, const int32_t *dy, const bool *wanted,
                          int32_t *dx);
    int in_place; /* bit i: output 0 may be written over input i */
    int updates
        [6]; /* output k is input updates[k] - 1, a persistent value written in place; 0: a value of its own */
} op_info;

const op_info *op_info_of(op_kind kind);

#endif
