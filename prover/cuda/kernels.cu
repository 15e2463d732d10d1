// What a GPU does for a proof: random numbers, products, hashes, sums of passes.
//
// Compiled to PTX by `cargo xtask ptx`, which needs no SDK. The same file is compiled for the processor by
// the tests, with `emulation.h` in place of `gpu.h`: what is emulated there is a block's threads, barriers,
// and the four instructions below that only a GPU has.
//
// Formats are those of `usufruct-proof`; nothing here knows how a proof goes.

#ifdef __CUDA__
#include "gpu.h"
#else
#include "emulation.h"
#endif

// ---- ChaCha8 ----------------------------------------------------------------------------------

DEVICE u32 rotate_left(u32 x, u32 by) { return (x << by) | (x >> (32 - by)); }
DEVICE u32 rotate_right(u32 x, u32 by) { return (x >> by) | (x << (32 - by)); }

#define QUARTER(a, b, c, d)                       \
	x[a] += x[b]; x[d] = rotate_left(x[d] ^ x[a], 16); \
	x[c] += x[d]; x[b] = rotate_left(x[b] ^ x[c], 12); \
	x[a] += x[b]; x[d] = rotate_left(x[d] ^ x[a], 8);  \
	x[c] += x[d]; x[b] = rotate_left(x[b] ^ x[c], 7);

// The keystream from a block of 64 bytes on: a thread writes one of them.
KERNEL(256) chacha8(const u32 *key, u64 first, u64 count, u32 *out) {
	u64 index = (u64)block_x() * 256 + thread();
	if (index >= count) return;
	u64 counter = first + index;
	u32 state[16] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
	for (int i = 0; i < 8; i++) state[4 + i] = key[i];
	state[12] = (u32)counter;
	state[13] = (u32)(counter >> 32);
	state[14] = 0;
	state[15] = 0;
	u32 x[16];
	for (int i = 0; i < 16; i++) x[i] = state[i];
	UNROLL for (int round = 0; round < 4; round++) {
		QUARTER(0, 4, 8, 12)
		QUARTER(1, 5, 9, 13)
		QUARTER(2, 6, 10, 14)
		QUARTER(3, 7, 11, 15)
		QUARTER(0, 5, 10, 15)
		QUARTER(1, 6, 11, 12)
		QUARTER(2, 7, 8, 13)
		QUARTER(3, 4, 9, 14)
	}
	u32x4 *to = (u32x4 *)(out + index * 16);
	for (int i = 0; i < 4; i++) {
		u32x4 part;
		part.x = x[4 * i] + state[4 * i];
		part.y = x[4 * i + 1] + state[4 * i + 1];
		part.z = x[4 * i + 2] + state[4 * i + 2];
		part.w = x[4 * i + 3] + state[4 * i + 3];
		to[i] = part;
	}
}

// ---- Products ---------------------------------------------------------------------------------

// A block computes 128 × 128 elements, each of its eight warps 64 × 32 of them. Of both matrices 64 bytes of
// each vector are in shared memory at once, in three turns: while one is multiplied, two are on their way.
#define SIDE 128
#define STEP 64
#define TURNS 3
#define TURN_BYTES (SIDE * STEP)

// Where 16 bytes of a vector lie. Eight vectors that follow each other use all banks.
DEVICE u32 place(u32 vector, u32 part) {
	return vector * STEP + ((part ^ ((vector >> 1) & 3)) * 16);
}

// Begins to copy 64 bytes of each of 128 vectors, which are `k` bytes long.
DEVICE void fetch(u8 *to, const u8 *from, u32 k, u32 at) {
	UNROLL for (int i = 0; i < 2; i++) {
		u32 piece = thread() + i * 256;
		u32 vector = piece >> 2, part = piece & 3;
		copy_16(to + place(vector, part), from + (u64)vector * k + at + part * 16);
	}
}

// A band of rows of the product: `a` begins with its first row, `b` holds all columns, both K-contiguous.
// The result is row by row, `n` int32 each. `k` is a multiple of 64, both sides of 128.
KERNEL(256) gemm(const u8 *a, const u8 *b, i32 *c, u32 k, u32 n) {
	SHARED u8 rows[TURNS][TURN_BYTES];
	SHARED u8 columns[TURNS][TURN_BYTES];
	u32 warp = thread() >> 5, lane = thread() & 31;
	u32 warp_row = (warp >> 2) * 64, warp_column = (warp & 3) * 32;
	a += (u64)block_y() * SIDE * k;
	b += (u64)block_x() * SIDE * k;
	i32 sums[4][4][4];
	UNROLL for (int i = 0; i < 4; i++)
		UNROLL for (int j = 0; j < 4; j++)
			UNROLL for (int e = 0; e < 4; e++) sums[i][j][e] = 0;

	u32 steps = k / STEP;
	for (u32 turn = 0; turn < TURNS - 1; turn++) {
		if (turn < steps) {
			fetch(rows[turn], a, k, turn * STEP);
			fetch(columns[turn], b, k, turn * STEP);
		}
		end_copies();
	}
	for (u32 step = 0; step < steps; step++) {
		wait_copies();
		barrier();
		// The turn that was multiplied last is free.
		u32 next = step + TURNS - 1;
		if (next < steps) {
			fetch(rows[next % TURNS], a, k, next * STEP);
			fetch(columns[next % TURNS], b, k, next * STEP);
		}
		end_copies();
		const u8 *here = rows[step % TURNS];
		const u8 *there = columns[step % TURNS];
		UNROLL for (int half = 0; half < 2; half++) {
			u32 of_rows[4][4], of_columns[4][2];
			UNROLL for (int i = 0; i < 4; i++) {
				// Four matrices of eight rows by sixteen bytes: upper and lower rows, first and second bytes.
				u32 row = warp_row + i * 16 + (lane & 15);
				load_fragments(of_rows[i], here + place(row, half * 2 + (lane >> 4)));
			}
			UNROLL for (int j = 0; j < 2; j++) {
				// Of two times eight columns the first and the second bytes.
				u32 column = warp_column + j * 16 + ((lane >> 4) << 3) + (lane & 7);
				u32 found[4];
				load_fragments(found, there + place(column, half * 2 + ((lane >> 3) & 1)));
				of_columns[2 * j][0] = found[0];
				of_columns[2 * j][1] = found[1];
				of_columns[2 * j + 1][0] = found[2];
				of_columns[2 * j + 1][1] = found[3];
			}
			UNROLL for (int i = 0; i < 4; i++)
				UNROLL for (int j = 0; j < 4; j++) multiply(sums[i][j], of_rows[i], of_columns[j]);
		}
	}
	u64 first_row = (u64)block_y() * SIDE + warp_row + (lane >> 2);
	u32 first_column = block_x() * SIDE + warp_column + (lane & 3) * 2;
	UNROLL for (int i = 0; i < 4; i++)
		UNROLL for (int j = 0; j < 4; j++) {
			i32 *to = c + (first_row + i * 16) * n + first_column + j * 8;
			to[0] = sums[i][j][0];
			to[1] = sums[i][j][1];
			to[8 * (u64)n] = sums[i][j][2];
			to[8 * (u64)n + 1] = sums[i][j][3];
		}
}

// The same for small sides, an element per thread: `rows` of them in the band.
KERNEL(256) gemm_small(const u8 *a, const u8 *b, i32 *c, u32 k, u32 n, u32 rows) {
	u64 index = (u64)block_x() * 256 + thread();
	if (index >= (u64)rows * n) return;
	const u32 *row = (const u32 *)(a + index / n * k);
	const u32 *column = (const u32 *)(b + index % n * k);
	i32 sum = 0;
	for (u32 i = 0; i < k / 4; i++) sum = dot_4(row[i], column[i], sum);
	c[index] = sum;
}

// ---- BLAKE3 -----------------------------------------------------------------------------------

#define CHUNK_START 1
#define CHUNK_END 2
#define PARENT 4
#define ROOT 8
#define KEYED_HASH 16

#define MIX(a, b, c, d, x, y)                                    \
	v[a] += v[b] + (x); v[d] = rotate_right(v[d] ^ v[a], 16); \
	v[c] += v[d]; v[b] = rotate_right(v[b] ^ v[c], 12);       \
	v[a] += v[b] + (y); v[d] = rotate_right(v[d] ^ v[a], 8);  \
	v[c] += v[d]; v[b] = rotate_right(v[b] ^ v[c], 7);

// One block of 64 bytes into a chaining value.
DEVICE void compress(u32 value[8], const u32 block[16], u64 counter, u32 flags) {
	u32 v[16] = {value[0], value[1], value[2], value[3], value[4], value[5], value[6], value[7],
		0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
		(u32)counter, (u32)(counter >> 32), 64, flags};
	u32 m[16];
	UNROLL for (int i = 0; i < 16; i++) m[i] = block[i];
	UNROLL for (int round = 0; round < 7; round++) {
		MIX(0, 4, 8, 12, m[0], m[1])
		MIX(1, 5, 9, 13, m[2], m[3])
		MIX(2, 6, 10, 14, m[4], m[5])
		MIX(3, 7, 11, 15, m[6], m[7])
		MIX(0, 5, 10, 15, m[8], m[9])
		MIX(1, 6, 11, 12, m[10], m[11])
		MIX(2, 7, 8, 13, m[12], m[13])
		MIX(3, 4, 9, 14, m[14], m[15])
		// The specification's permutation of the message.
		u32 moved[16] = {m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13],
			m[1], m[11], m[12], m[5], m[9], m[14], m[15], m[8]};
		UNROLL for (int i = 0; i < 16; i++) m[i] = moved[i];
	}
	UNROLL for (int i = 0; i < 8; i++) value[i] = v[i] ^ v[i + 8];
}

DEVICE u32 chunk_flags(int block) {
	return KEYED_HASH | (block == 0 ? CHUNK_START : 0) | (block == 15 ? CHUNK_END : 0);
}

DEVICE void read_block(u32 block[16], const u32 *from) {
	const u32x4 *parts = (const u32x4 *)from;
	UNROLL for (int i = 0; i < 4; i++) {
		u32x4 part = parts[i];
		block[4 * i] = part.x;
		block[4 * i + 1] = part.y;
		block[4 * i + 2] = part.z;
		block[4 * i + 3] = part.w;
	}
}

DEVICE void write_value(u32 *to, const u32 value[8]) {
	for (int i = 0; i < 8; i++) to[i] = value[i];
}

// The chaining values of the tiles of a band, a thread each: a row of a tile is one block of the hash. Where
// `keep` is not null, the lower halves of all elements are written there, 512 bytes a tile.
KERNEL(128) hash_tiles(const u32 *c, u32 n, u32 count, u32 first, const u32 *key, u32 *values, u32 *keep) {
	u32 tile = block_x() * 128 + thread();
	if (tile >= count) return;
	u32 across = n / 16;
	const u32 *from = c + (u64)(tile / across) * 16 * n + (tile % across) * 16;
	u32 value[8];
	for (int i = 0; i < 8; i++) value[i] = key[i];
	for (int row = 0; row < 16; row++) {
		u32 block[16];
		read_block(block, from + (u64)row * n);
		compress(value, block, first + tile, chunk_flags(row));
		if (keep) {
			u32x4 *to = (u32x4 *)(keep + (u64)(first + tile) * 128 + row * 8);
			UNROLL for (int half = 0; half < 2; half++) {
				const u32 *e = block + half * 8;
				u32x4 part;
				part.x = (e[0] & 0xffff) | (e[1] << 16);
				part.y = (e[2] & 0xffff) | (e[3] << 16);
				part.z = (e[4] & 0xffff) | (e[5] << 16);
				part.w = (e[6] & 0xffff) | (e[7] << 16);
				to[half] = part;
			}
		}
	}
	write_value(values + (u64)(first + tile) * 8, value);
}

// The chaining values of chunks that follow each other, a thread each.
KERNEL(128) hash_chunks(const u32 *bytes, u32 count, const u32 *key, u32 *values) {
	u32 chunk = block_x() * 128 + thread();
	if (chunk >= count) return;
	u32 value[8];
	for (int i = 0; i < 8; i++) value[i] = key[i];
	for (int row = 0; row < 16; row++) {
		u32 block[16];
		read_block(block, bytes + (u64)chunk * 256 + row * 16);
		compress(value, block, chunk, chunk_flags(row));
	}
	write_value(values + (u64)chunk * 8, value);
}

// The level above `count` chaining values, a thread each: the last of an odd number rises alone, and above
// two there is the root.
KERNEL(128) hash_parents(const u32 *below, u32 count, const u32 *key, u32 *above) {
	u32 index = block_x() * 128 + thread();
	if (index >= (count + 1) / 2) return;
	const u32 *pair = below + (u64)index * 16;
	u32 value[8];
	if (index * 2 + 1 == count) {
		for (int i = 0; i < 8; i++) value[i] = pair[i];
	} else {
		u32 block[16];
		for (int i = 0; i < 16; i++) block[i] = pair[i];
		for (int i = 0; i < 8; i++) value[i] = key[i];
		compress(value, block, 0, KEYED_HASH | PARENT | (count == 2 ? ROOT : 0));
	}
	write_value(above + (u64)index * 8, value);
}

// ---- Passes -----------------------------------------------------------------------------------

// The sums of rows of 2,048 bytes with four vectors, which lie one after the other. A warp takes every
// `warps`-th row; each of its lanes holds the same 64 bytes of all vectors as of a row.
KERNEL(256) sum_rows(const u8 *rows, u32 count, const u8 *vectors, i32 *sums, u32 warps) {
	u32 lane = thread() & 31;
	u32 mine[4][16];
	UNROLL for (int v = 0; v < 4; v++)
		UNROLL for (int part = 0; part < 4; part++) {
			u32x4 found = *(const u32x4 *)(vectors + v * 2048 + part * 512 + lane * 16);
			mine[v][4 * part] = found.x;
			mine[v][4 * part + 1] = found.y;
			mine[v][4 * part + 2] = found.z;
			mine[v][4 * part + 3] = found.w;
		}
	// All lanes of a warp go through the same rows.
	for (u32 row = block_x() * 8 + (thread() >> 5); row < count; row += warps) {
		i32 found[4] = {0, 0, 0, 0};
		UNROLL for (int part = 0; part < 4; part++) {
			u32x4 here = *(const u32x4 *)(rows + (u64)row * 2048 + part * 512 + lane * 16);
			UNROLL for (int v = 0; v < 4; v++) {
				found[v] = dot_4(here.x, mine[v][4 * part], found[v]);
				found[v] = dot_4(here.y, mine[v][4 * part + 1], found[v]);
				found[v] = dot_4(here.z, mine[v][4 * part + 2], found[v]);
				found[v] = dot_4(here.w, mine[v][4 * part + 3], found[v]);
			}
		}
		UNROLL for (int v = 0; v < 4; v++) found[v] = sum_of_warp(found[v]);
		if (lane == 0)
			for (int v = 0; v < 4; v++) sums[(u64)row * 4 + v] = found[v];
	}
}
