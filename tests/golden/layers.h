/* SPDX-License-Identifier: Apache-2.0 */
/* Made by make_layers.py with PyTorch 2.15.0. */
enum {
    GOLDEN_PICTURES = 2,
    GOLDEN_HEIGHT = 10,
    GOLDEN_WIDTH = 7,
    GOLDEN_FILTERS = 8,
    GOLDEN_CLASSES = 3
};
/* clang-format off: a layer a line */
static const struct {
    const char *layer;
    float logits[GOLDEN_PICTURES][GOLDEN_CLASSES];
} golden[] = {
    {"separable_conv2d: {filters: 6, kernel: 3, stride: 2, padding: same, depth_multiplier: 2, activation: relu}", {{2.81637992e+00f, 8.01115028e-01f, -1.25504268e+00f}, {2.79031783e+00f, 1.09993891e+00f, -4.02062784e-01f}}},
    {"squeeze_excitation: {units: 3}", {{7.07378563e-02f, 4.08903853e-02f, 7.14656442e-01f}, {4.24859379e-01f, 9.27991772e-01f, 4.08543559e-01f}}},
    {"squeeze_excitation: {activation: silu, gate: hard_sigmoid}", {{5.12831138e-02f, 1.33081915e-01f, 7.73546469e-01f}, {3.46191160e-01f, 1.13397880e+00f, 4.80587225e-01f}}},
    {"layer_norm", {{3.69781303e-01f, 1.26863351e+00f, 2.69847972e+00f}, {6.07698830e-01f, 3.19793400e+00f, 1.59408548e+00f}}},
    {"group_norm: {groups: 4, activation: gelu_tanh}", {{5.74402820e-01f, 5.04307628e-01f, 2.30496433e+00f}, {1.43531035e+00f, 1.42810534e+00f, 9.62361333e-01f}}},
    {"multi_head_attention: {heads: 2}", {{7.65292241e-01f, -5.86660849e-01f, 3.64669474e-01f}, {4.34644846e-01f, -3.91220187e-01f, 1.51841271e+00f}}},
    {"multi_head_attention: {heads: 2, use_bias: no}", {{9.64239666e-01f, -4.38993083e-01f, 4.63111439e-01f}, {6.22509477e-01f, -1.90604233e-01f, 1.63926773e+00f}}},
    {"class_token", {{-8.54832900e-01f, 1.35700904e+00f, -7.97487126e-01f}, {-1.50517830e-01f, 1.17913076e+00f, -2.14696998e-01f}}},
    {"position_embedding", {{2.23831197e-01f, 6.33663878e-01f, 2.55266918e+00f}, {8.20065783e-01f, 2.67812972e+00f, 1.94702114e+00f}}},
    {"layer_scale: {initial: 0.1}", {{8.39455509e-03f, 1.14682076e-01f, -6.47960869e-01f}, {4.61476980e-01f, 9.33944830e-02f, -7.28307676e-02f}}},
    {"stochastic_depth: {rate: 0.4}", {{8.28057814e-02f, 2.22083343e-01f, 1.59422795e+00f}, {6.79040368e-01f, 2.26654919e+00f, 9.88579917e-01f}}},
    {"crop2d: {crop: [1, 2, 0, 3]}", {{-8.65862119e-01f, 1.92991126e-01f, 2.92546690e-01f}, {-1.96482982e+00f, -1.47600037e-01f, 4.20052223e-01f}}},
    {"dense: {units: 5, each_place: yes, activation: gelu}", {{-3.38599160e-01f, 6.98287993e-01f, -2.60805864e-02f}, {4.58855697e-01f, 1.07222854e+00f, 4.92497670e-01f}}},
    {"max_pool2d: {size: 3, stride: 2, ceil_mode: yes}", {{1.08865647e+00f, 1.05612047e+00f, -2.12335254e-01f}, {1.77164467e+00f, 6.46269826e-01f, -4.69625131e-02f}}},
    {"max_pool2d: {size: 2, stride: 3, padding: explicit, pad: [1, 1, 1, 1], ceil_mode: yes}", {{2.51194020e-01f, 2.23623672e+00f, -9.66894451e-01f}, {-8.67290159e-02f, 1.82237468e+00f, 6.51339586e-01f}}},
    {"average_pool2d: {size: 3, stride: 2, padding: same, ceil_mode: yes}", {{3.17276342e-01f, 6.53008782e-02f, -1.56055141e-02f}, {-4.52523052e-01f, -3.90665650e-01f, -2.27148582e-01f}}},
    {"average_pool2d: {size: 3, stride: 2, padding: same, ceil_mode: yes, count_padding: yes}", {{2.40837740e-01f, 2.46817202e-01f, -9.53638853e-03f}, {-1.34356248e-01f, -1.04258481e-01f, -2.24694256e-01f}}},
    {"average_pool2d: {size: 3, stride: 2, padding: same, count_padding: yes}", {{-1.93854181e-01f, -3.69441796e-01f, 3.42273377e-01f}, {-1.01103582e+00f, -2.12591057e-01f, -8.18263012e-02f}}},
    {"global_max_pool2d", {{1.90134874e+00f, -7.91839496e-01f, 1.66423710e+00f}, {1.76879142e+00f, -5.79632529e-01f, 1.86536766e+00f}}},
    {"activation: {kind: hard_sigmoid}", {{1.25857052e+00f, 4.54032609e-01f, 1.39692216e+00f}, {1.35794295e+00f, 7.94776917e-01f, 1.29598082e+00f}}},
};
