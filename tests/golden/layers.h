/* SPDX-License-Identifier: Apache-2.0 */
/* Made by make_layers.py with PyTorch 2.15.0. */
enum {
    GOLDEN_PICTURES = 2,
    GOLDEN_HEIGHT = 10,
    GOLDEN_WIDTH = 7,
    GOLDEN_FILTERS = 8,
    GOLDEN_CLASSES = 3
};
/* clang-format off */
static const struct {
    const char *layer;
    float logits[GOLDEN_PICTURES][GOLDEN_CLASSES];
} golden[] = {
    {"separable_conv2d: {filters: 6, kernel: 3, stride: 2, padding: same, depth_multiplier: 2, activation: relu}", {{2.8163799e+00f, 8.0111503e-01f, -1.2550427e+00f}, {2.7903178e+00f, 1.0999389e+00f, -4.0206278e-01f}}},
    {"squeeze_excitation: {units: 3}", {{7.0737856e-02f, 4.0890385e-02f, 7.1465644e-01f}, {4.2485938e-01f, 9.2799177e-01f, 4.0854356e-01f}}},
    {"squeeze_excitation: {activation: silu, gate: hard_sigmoid}", {{5.1283114e-02f, 1.3308192e-01f, 7.7354647e-01f}, {3.4619116e-01f, 1.1339788e+00f, 4.8058722e-01f}}},
    {"layer_norm", {{3.6978130e-01f, 1.2686335e+00f, 2.6984797e+00f}, {6.0769883e-01f, 3.1979340e+00f, 1.5940855e+00f}}},
    {"group_norm: {groups: 4, activation: gelu_tanh}", {{5.7440282e-01f, 5.0430763e-01f, 2.3049643e+00f}, {1.4353103e+00f, 1.4281053e+00f, 9.6236133e-01f}}},
    {"multi_head_attention: {heads: 2}", {{7.6529224e-01f, -5.8666085e-01f, 3.6466947e-01f}, {4.3464485e-01f, -3.9122019e-01f, 1.5184127e+00f}}},
    {"multi_head_attention: {heads: 2, use_bias: no}", {{9.6423967e-01f, -4.3899308e-01f, 4.6311144e-01f}, {6.2250948e-01f, -1.9060423e-01f, 1.6392677e+00f}}},
    {"class_token", {{-8.5483290e-01f, 1.3570090e+00f, -7.9748713e-01f}, {-1.5051783e-01f, 1.1791308e+00f, -2.1469700e-01f}}},
    {"position_embedding", {{2.2383120e-01f, 6.3366388e-01f, 2.5526692e+00f}, {8.2006578e-01f, 2.6781297e+00f, 1.9470211e+00f}}},
    {"layer_scale: {initial: 0.1}", {{8.3945551e-03f, 1.1468208e-01f, -6.4796087e-01f}, {4.6147698e-01f, 9.3394483e-02f, -7.2830768e-02f}}},
    {"stochastic_depth: {rate: 0.4}", {{8.2805781e-02f, 2.2208334e-01f, 1.5942280e+00f}, {6.7904037e-01f, 2.2665492e+00f, 9.8857992e-01f}}},
    {"spatial_dropout: {rate: 0.4}", {{8.2805781e-02f, 2.2208334e-01f, 1.5942280e+00f}, {6.7904037e-01f, 2.2665492e+00f, 9.8857992e-01f}}},
    {"crop2d: {crop: [1, 2, 0, 3]}", {{-8.6586212e-01f, 1.9299113e-01f, 2.9254669e-01f}, {-1.9648298e+00f, -1.4760004e-01f, 4.2005222e-01f}}},
    {"dense: {units: 5, each_place: yes, activation: gelu}", {{-3.3859916e-01f, 6.9828799e-01f, -2.6080586e-02f}, {4.5885570e-01f, 1.0722285e+00f, 4.9249767e-01f}}},
    {"max_pool2d: {size: 3, stride: 2, ceil_mode: yes}", {{1.0886565e+00f, 1.0561205e+00f, -2.1233525e-01f}, {1.7716447e+00f, 6.4626983e-01f, -4.6962513e-02f}}},
    {"max_pool2d: {size: 2, stride: 3, padding: explicit, pad: [1, 1, 1, 1], ceil_mode: yes}", {{2.5119402e-01f, 2.2362367e+00f, -9.6689445e-01f}, {-8.6729016e-02f, 1.8223747e+00f, 6.5133959e-01f}}},
    {"average_pool2d: {size: 3, stride: 2, padding: same, ceil_mode: yes}", {{3.1727634e-01f, 6.5300878e-02f, -1.5605514e-02f}, {-4.5252305e-01f, -3.9066565e-01f, -2.2714858e-01f}}},
    {"average_pool2d: {size: 3, stride: 2, padding: same, ceil_mode: yes, count_padding: yes}", {{2.4083774e-01f, 2.4681720e-01f, -9.5363885e-03f}, {-1.3435625e-01f, -1.0425848e-01f, -2.2469426e-01f}}},
    {"average_pool2d: {size: 3, stride: 2, padding: same, count_padding: yes}", {{-1.9385418e-01f, -3.6944180e-01f, 3.4227338e-01f}, {-1.0110358e+00f, -2.1259106e-01f, -8.1826301e-02f}}},
    {"global_max_pool2d", {{1.9013487e+00f, -7.9183950e-01f, 1.6642371e+00f}, {1.7687914e+00f, -5.7963253e-01f, 1.8653677e+00f}}},
    {"activation: {kind: hard_sigmoid}", {{1.2585705e+00f, 4.5403261e-01f, 1.3969222e+00f}, {1.3579430e+00f, 7.9477692e-01f, 1.2959808e+00f}}},
    {"channel_shuffle: {groups: 4}", {{-8.2524061e-01f, 1.0775838e+00f, -5.3056649e-01f}, {-1.9224906e+00f, 1.9544763e+00f, 9.1902127e-01f}}},
    {"crop2d: {crop: [0, 1, 2, 0], channels: [3, 1]}", {{1.0702161e+00f, 2.9305635e-01f, 3.0841652e-01f}, {2.3454140e-01f, -3.8348438e-01f, 1.1251230e+00f}}},
};
