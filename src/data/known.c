/* SPDX-License-Identifier: Apache-2.0 */
#include "data/known.h"

#include <string.h>

/* Where their authors or keepers publish them, with the SHA-256 of each file. */
const known_set known_sets[] = {
    {{"mnist", "handwritten digits, 28 x 28 grey, 10 classes, 60,000 + 10,000 (LeCun et al. 1998)", 11594722,
      "https://storage.googleapis.com/cvdf-datasets/mnist"},
     {{"train-images-idx3-ubyte.gz", "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"},
      {"train-labels-idx1-ubyte.gz", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
      {"t10k-images-idx3-ubyte.gz", "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"},
      {"t10k-labels-idx1-ubyte.gz", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"}}},
    {{"fashion-mnist", "clothes, 28 x 28 grey, 10 classes, 60,000 + 10,000 (Xiao et al. 2017)", 30878645,
      "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com"},
     {{"train-images-idx3-ubyte.gz", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"},
      {"train-labels-idx1-ubyte.gz", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
      {"t10k-images-idx3-ubyte.gz", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"},
      {"t10k-labels-idx1-ubyte.gz", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"}}},
    {{"cifar10", "photos, 32 x 32 colour, 10 classes, 50,000 + 10,000 (Krizhevsky 2009)", 170052171,
      "https://www.cs.toronto.edu/~kriz"},
     {{"cifar-10-binary.tar.gz", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"}}},
    {{"cifar100", "photos, 32 x 32 colour, 100 classes, 50,000 + 10,000 (Krizhevsky 2009)", 168513733,
      "https://www.cs.toronto.edu/~kriz"},
     {{"cifar-100-binary.tar.gz", "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"}}},
    {{"flowers", "flower photos, about 320 x 240 colour, 5 classes, 3,670 (The TensorFlow Team 2019)",
      228813984, "https://storage.googleapis.com/download.tensorflow.org/example_images"},
     {{"flower_photos.tgz", "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c"}}},
    {{"demo", "digits drawn by the library, 32 x 32 colour, 10 classes, 10,000 + 2,000", 0, NULL},
     {{NULL, NULL}}},
    {{0}, {{NULL, NULL}}}};

const known_set *known_find(const char *name)
{
    for (const known_set *k = known_sets; k->about.name; k++)
        if (strcmp(k->about.name, name) == 0)
            return k;
    return NULL;
}

int64_t fv_known_dataset_count(void)
{
    return (int64_t)(sizeof known_sets / sizeof *known_sets) - 1;
}

const fv_known_dataset *fv_known_dataset_get(int64_t index)
{
    return index >= 0 && index < fv_known_dataset_count() ? &known_sets[index].about : NULL;
}
