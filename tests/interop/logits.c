/* SPDX-License-Identifier: MIT
 *
 * logits MODEL OUT: has llama.cpp load a model, evaluate some tokens, and write all logits as float32. */
#include <stdio.h>
#include <stdlib.h>

#include "llama.h"

enum { kTokens = 32 };

static void only_errors(enum ggml_log_level level, const char* text, void* unused) {
  (void)unused;
  if (level == GGML_LOG_LEVEL_ERROR) fputs(text, stderr);
}

static int fail(const char* what) {
  fprintf(stderr, "%s\n", what);
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 3) return fail("usage: logits MODEL OUT");
  llama_log_set(only_errors, NULL);
  llama_backend_init();
  struct llama_model* model = llama_model_load_from_file(argv[1], llama_model_default_params());
  if (!model) return fail("llama.cpp does not load the model");

  struct llama_context_params params = llama_context_default_params();
  params.n_ctx = params.n_batch = kTokens;
  params.n_threads = params.n_threads_batch = 1;
  struct llama_context* context = llama_init_from_model(model, params);
  if (!context) return fail("llama.cpp makes no context");

  const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
  struct llama_batch batch = llama_batch_init(kTokens, 0, 1);
  for (int i = 0; i < kTokens; i++) {
    batch.token[i] = (1 + 7 * i) % vocabulary;
    batch.pos[i] = i;
    batch.n_seq_id[i] = 1;
    batch.seq_id[i][0] = 0;
    batch.logits[i] = 1;
  }
  batch.n_tokens = kTokens;
  if (llama_decode(context, batch) != 0) return fail("llama.cpp does not evaluate the tokens");

  FILE* out = fopen(argv[2], "wb");
  if (!out) return fail("the output cannot be written");
  for (int i = 0; i < kTokens; i++)
    fwrite(llama_get_logits_ith(context, i), sizeof(float), (size_t)vocabulary, out);
  if (fclose(out) != 0) return fail("the output cannot be written");

  llama_batch_free(batch);
  llama_free(context);
  llama_model_free(model);
  return 0;
}
