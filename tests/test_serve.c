/* SPDX-License-Identifier: Apache-2.0 */
/* The server's parts that need no server: addresses, keys, base64 (RFC 4648's vectors), limits of JSON, forms, metrics. */
#include "test_model.h"

#include "core/base64.h"
#include "serve/job.h"
#include "serve/keys.h"
#include "serve/metrics.h"
#include "serve/route.h"

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        route_kind kind;
        const char *model;
        int64_t version;
    } cases[] = {{"/", ROUTE_PAGE, "", -1},
                 {"/classify", ROUTE_CLASSIFY, "", -1},
                 {"/classify/", ROUTE_NONE, "", -1},
                 {"/v1/models/a b:predict", ROUTE_TF_PREDICT, "a b", -1},
                 {"/v1/models/m/versions/12:classify", ROUTE_TF_CLASSIFY, "m", 12},
                 {"/v1/models/m/metadata", ROUTE_TF_METADATA, "m", -1},
                 {"/v1/models/m/versions/3", ROUTE_TF_STATUS, "m", 3},
                 {"/v1/models/m/versions/", ROUTE_NONE, "", -1},
                 {"/v1/models/m/versions/3x", ROUTE_NONE, "", -1},
                 {"/v1/models/m/versions/-3", ROUTE_NONE, "", -1},
                 {"/v1/models/m/versions/999999999999999999999", ROUTE_NONE, "", -1},
                 {"/v1/models//metadata", ROUTE_NONE, "", -1},
                 {"/v1/models/m/infer", ROUTE_NONE, "", -1},
                 {"/v2/models/m/versions/1/infer", ROUTE_KSERVE_INFER, "m", 1},
                 {"/v2/models/m/ready", ROUTE_KSERVE_READY, "m", -1},
                 {"/v2/models/m", ROUTE_KSERVE_MODEL, "m", -1},
                 {"/v2/models/../../etc", ROUTE_NONE, "", -1},
                 {"", ROUTE_NONE, "", -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        route r;
        route_parse(cases[i].path, &r);
        if (r.kind != cases[i].kind || strcmp(r.model, cases[i].model) != 0 || r.version != cases[i].version)
            fail_msg("%s: kind %d, model '%s', version %lld", cases[i].path, r.kind, r.model,
                     (long long)r.version);
    }
    char path[700] = "/v1/models/";
    memset(path + strlen(path), 'a', 600);
    route r;
    route_parse(path, &r);
    assert_int_equal(r.kind, ROUTE_NONE);
}

static void keys_of_a_file(void **state)
{
    (void)state;
    static const char words[] = "# ours\n\n  abcdefghijklmnop  # a friend's\r\nABCDEFGHIJKLMNOPQ";
    keys k;
    const char *path = scratch("keys");
    assert_ok(file_write(path, words, strlen(words)));
    assert_ok(keys_read(&k, path));
    assert_int_equal(k.count, 2);
    assert_true(keys_match(&k, "Bearer abcdefghijklmnop") && keys_match(&k, "bearer ABCDEFGHIJKLMNOPQ"));
    static const char *const wrong[] = {NULL,
                                        "",
                                        "Bearer",
                                        "Bearer ",
                                        "abcdefghijklmnop",
                                        "Bearer abcdefghijklmno",
                                        "Bearer abcdefghijklmnopq",
                                        "Bearer ABCDEFGHIJKLMNOP",
                                        "Bearer  abcdefghijklmnop",
                                        "Basic abcdefghijklmnop"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(keys_match(&k, wrong[i]));
    keys_release(&k);
    assert_ok(file_write(path, "short\n", 6));
    assert_int_equal(keys_read(&k, path), FV_ERROR_INVALID);
    assert_ok(file_write(path, "#\n", 2));
    assert_int_equal(keys_read(&k, path), FV_ERROR_INVALID);
}

static void base64(void **state)
{
    (void)state;
    static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"},
                             *const words[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                               "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    uint8_t *bytes;
    size_t size;
    for (int i = 0; i < 7; i++) {
        text out = {0};
        base64_add(&out, plain[i], strlen(plain[i]));
        assert_string_equal(text_string(&out), words[i]);
        text_release(&out);
        for (int padded = 0; padded < 2; padded++) {
            size_t length = padded ? strlen(words[i]) : strcspn(words[i], "=");
            assert_ok(base64_decode(words[i], length, &bytes, &size));
            assert_int_equal(size, strlen(plain[i]));
            assert_memory_equal(bytes, plain[i], size);
            free(bytes);
        }
    }
    static const char *const wrong[] = {"Z", "Zg=", "Z===", "Zm9v=", "Zm 9", "Zm9-", "=Zg=", "Zm9\xff"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(base64_decode(wrong[i], strlen(wrong[i]), &bytes, &size), FV_ERROR_FORMAT);
    /* More than a block, to and fro. */
    uint8_t many[5000];
    for (int i = 0; i < 5000; i++)
        many[i] = (uint8_t)(i * i);
    for (size_t length = 4990; length < 5000; length++) {
        text out = {0};
        base64_add(&out, many, length);
        assert_ok(base64_decode(text_string(&out), out.length, &bytes, &size));
        assert_int_equal(size, length);
        assert_memory_equal(bytes, many, length);
        free(bytes);
        text_release(&out);
    }
}

static fv_status limits(const char *words, int depth, int64_t values)
{
    return json_limits_check((const uint8_t *)words, strlen(words), depth, values);
}

static void limits_of_json(void **state)
{
    (void)state;
    assert_ok(limits("[[[1]]]", 3, 100));
    assert_int_equal(limits("[[[1]]]", 2, 100), FV_ERROR_INVALID);
    assert_ok(limits("[{},[],{},[]]", 2, 100));
    assert_ok(limits("\"[[[[\\\"[[[\"", 1, 1)); /* within a string nothing nests */
    assert_ok(limits("[1,2,3,4]", 1, 5));
    assert_int_equal(limits("[1,2,3,4]", 1, 4), FV_ERROR_INVALID);
    assert_ok(limits("]]]]", 1, 1)); /* it need not be JSON */
    assert_ok(limits("\"\\", 1, 1));
}

static void forms(void **state)
{
    (void)state;
    static const char body[] =
        "preamble\r\n--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"a\tb.png\"\r\n\r\n"
        "first\r\n\r\n--b\r\ncontent-disposition: form-data; name=field\r\nX: "
        "y\r\n\r\n\r\n--b\r\n\r\nbare\r\n--b--\r\n";
    static const char *const contents[] = {"first\r\n", "", "bare"}, *const names[] = {"a b.png", "field",
                                                                                       ""};
    const char *type = "multipart/form-data; charset=x; boundary=\"b\"";
    parts p;
    part one;
    fv_status status;
    assert_true(parts_begin(&p, type, (const uint8_t *)body, strlen(body), &status));
    assert_ok(status);
    for (int i = 0; i < 3; i++) {
        assert_true(parts_next(&p, &one, &status));
        assert_int_equal(one.size, strlen(contents[i]));
        assert_memory_equal(one.bytes, contents[i], one.size);
        assert_string_equal(one.name, names[i]);
        assert_int_equal(one.is_file, i == 0);
    }
    assert_false(parts_next(&p, &one, &status));
    assert_ok(status);
    /* Cut anywhere, it ends with an error or with the parts that are whole. */
    for (size_t length = 0; length < strlen(body) - 4; length++) {
        int found = 0;
        parts_begin(&p, type, (const uint8_t *)body, length, &status);
        while (parts_next(&p, &one, &status))
            found++;
        assert_true(found < 3 ? status == FV_ERROR_FORMAT : found == 3);
    }
    assert_false(parts_begin(&p, "image/png", (const uint8_t *)body, 5, &status));
    assert_false(parts_begin(&p, NULL, (const uint8_t *)body, 5, &status));
    assert_true(parts_begin(&p, "multipart/form-data", (const uint8_t *)body, 5, &status));
    assert_int_equal(status, FV_ERROR_FORMAT);
}

static void metrics_as_text(void **state)
{
    (void)state;
    metrics *m;
    text out = {0};
    assert_ok(metrics_create(&m));
    series *s = metrics_series(m, "a\"b\\c", 2);
    assert_ptr_equal(s, metrics_series(m, "a\"b\\c", 2));
    assert_ptr_not_equal(s, metrics_series(m, "a\"b\\c", 3));
    metrics_request(m, s, 200, 0.003);
    metrics_request(m, s, 200, 0.3);
    metrics_request(m, s, 418, 20);
    metrics_request(m, NULL, 404, 0);
    metrics_batch(m, s, 3);
    metrics_load(m, s, true);
    metrics_print(m, 5, 7, &out);
    static const char *const lines[] = {
        "\nfovea_requests_total{code=\"404\"} 1\n",
        "\nfovea_requests_total{model=\"a\\\"b\\\\c\",version=\"2\",code=\"200\"} 2\n",
        "\nfovea_requests_total{model=\"a\\\"b\\\\c\",version=\"2\",code=\"other\"} 1\n",
        "\nfovea_request_seconds_bucket{model=\"a\\\"b\\\\c\",version=\"2\",le=\"0.005\"} 1\n",
        "\nfovea_request_seconds_bucket{model=\"a\\\"b\\\\c\",version=\"2\",le=\"+Inf\"} 3\n",
        "\nfovea_request_seconds_sum{model=\"a\\\"b\\\\c\",version=\"2\"} 20.303\n",
        "\nfovea_batch_pictures_bucket{model=\"a\\\"b\\\\c\",version=\"2\",le=\"4\"} 1\n",
        "\nfovea_loads_total{model=\"a\\\"b\\\\c\",version=\"2\",result=\"ok\"} 1\n",
        "\nfovea_queue_depth 5\n",
        "\nfovea_queue_capacity 7\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (!strstr(text_string(&out), lines[i]))
            fail_msg("%s is not in %s", lines[i], text_string(&out));
    text_release(&out);
    metrics_destroy(m);
}

/* One output is the logit of the second of two classes, in every protocol's answer. */
static void two_classes_by_one_output(void **state)
{
    (void)state;
    static const char
        tf[] = "{\"instances\":[[[[1]]],[[[2]]]],\"examples\":[{\"image\":[[[1]]]},{\"image\":[[[2]]]}]}",
        kserve[] =
            "{\"inputs\":[{\"name\":\"image\",\"datatype\":\"UINT8\",\"shape\":[2,1,1,1],\"data\":[1,2]}]}";
    static const struct {
        const protocol *protocol;
        const char *body, *answer;
    } cases[] = {
        {&protocol_tf_predict, tf, "{\"predictions\":[[0.5,0.5],[0.0,1.0]]}\n"},
        {&protocol_tf_classify, tf, "{\"results\":[[[\"0\",0.5],[\"1\",0.5]],[[\"0\",0.0],[\"1\",1.0]]]}\n"},
        {&protocol_kserve, kserve,
         "{\"model_name\":\"m\",\"model_version\":\"1\",\"outputs\":[{\"name\":\"probabilities\","
         "\"datatype\":\"FP32\","
         "\"shape\":[2,2],\"data\":[0.5,0.5,0.0,1.0]},{\"name\":\"class\",\"datatype\":\"BYTES\","
         "\"shape\":[2],"
         "\"data\":[\"0\",\"1\"]}]}\n"}};
    fv_model *m = fv_model_create(.height = 1, .width = 1, .channels = 1);
    fv_output(fv_dense(fv_flatten(fv_input(m)), .units = 1));
    served s = {.name = "m", .version = 1, .model = m, .outputs = 1, .classes = 2, .picture = 1, .users = 1};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        atomic_fetch_add(&s.users, 1);
        job *j = job_create(cases[i].protocol, &s, &(job_limits){.max_pixels = 1, .max_pictures = 2});
        web_answer a = {0};
        j->body = (const uint8_t *)cases[i].body;
        j->size = strlen(cases[i].body);
        assert_ok(job_read(j, NULL));
        j->outputs[0] = 0;
        j->outputs[1] = 200;
        job_answer(j, &a);
        assert_string_equal(text_string(&a.body), cases[i].answer);
        text_release(&a.body);
        job_destroy(j);
    }
    fv_model_destroy(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses),
                                       cmocka_unit_test(keys_of_a_file),
                                       cmocka_unit_test(base64),
                                       cmocka_unit_test(limits_of_json),
                                       cmocka_unit_test(forms),
                                       cmocka_unit_test(metrics_as_text),
                                       cmocka_unit_test(two_classes_by_one_output)};
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
