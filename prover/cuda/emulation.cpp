// The kernels on a processor, as a library for the tests: each is launched over its grid, block by block.
#include "kernels.cu"

template <typename... A> static void launch(u32 width, u32 height, u32 threads, void (*kernel)(A...), A... given) {
	auto call = [&] { kernel(given...); };
	emulation::arguments = &call;
	emulation::body = [](void *pointer) { (*static_cast<decltype(&call)>(pointer))(); };
	for (emulation::y = 0; emulation::y < height; emulation::y++)
		for (emulation::x = 0; emulation::x < width; emulation::x++) emulation::run(threads);
}

// The width and height of the grid come first, then what the kernel takes.
extern "C" {
void emulate_chacha8(u32 w, u32 h, const u32 *key, u64 first, u64 count, u32 *out) {
	launch(w, h, 256, chacha8, key, first, count, out);
}
void emulate_gemm(u32 w, u32 h, const u8 *a, const u8 *b, i32 *c, u32 k, u32 n) {
	launch(w, h, 256, gemm, a, b, c, k, n);
}
void emulate_gemm_small(u32 w, u32 h, const u8 *a, const u8 *b, i32 *c, u32 k, u32 n, u32 rows) {
	launch(w, h, 256, gemm_small, a, b, c, k, n, rows);
}
void emulate_hash_tiles(u32 w, u32 h, const u32 *c, u32 n, u32 count, u32 first, const u32 *key, u32 *values,
	u32 *keep) {
	launch(w, h, 128, hash_tiles, c, n, count, first, key, values, keep);
}
void emulate_hash_chunks(u32 w, u32 h, const u32 *bytes, u32 count, const u32 *key, u32 *values) {
	launch(w, h, 128, hash_chunks, bytes, count, key, values);
}
void emulate_hash_parents(u32 w, u32 h, const u32 *below, u32 count, const u32 *key, u32 *above) {
	launch(w, h, 128, hash_parents, below, count, key, above);
}
void emulate_sum_rows(u32 w, u32 h, const u8 *rows, u32 count, const u8 *vectors, i32 *sums, u32 warps) {
	launch(w, h, 256, sum_rows, rows, count, vectors, sums, warps);
}
}
