// What the kernels need of a GPU, on a processor: a block's threads are contexts that take turns.
//
// A thread runs until it needs the others, at a barrier or in one of the instructions that a warp executes
// together; then the next one runs. All threads of a block come to the same of these points in the same order,
// as the GPU demands, too: so once a thread goes on, all others have arrived.
#pragma once

#include <stdint.h>
#include <string.h>
#include <ucontext.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef int32_t i32;
typedef uint64_t u64;
struct alignas(16) u32x4 { u32 x, y, z, w; };

#define DEVICE static inline
#define KERNEL(threads) static void
#define SHARED static
#define UNROLL

namespace emulation {
	const u32 MOST = 256;
	const u32 STACK = 64 * 1024;
	struct Thread {
		ucontext_t context;
		bool is_over;
		u8 stack[STACK];
	};
	static Thread threads[MOST];
	static ucontext_t scheduler;
	static u32 current, x, y;
	// What the lanes of each warp tell each other.
	static u32 told[MOST][8];
	static void (*body)(void *);
	static void *arguments;

	static void yield() { swapcontext(&threads[current].context, &scheduler); }

	static void begin() {
		body(arguments);
		threads[current].is_over = true;
	}

	// Runs a block to its end.
	static void run(u32 count) {
		for (u32 t = 0; t < count; t++) {
			Thread &thread = threads[t];
			thread.is_over = false;
			getcontext(&thread.context);
			thread.context.uc_stack.ss_sp = thread.stack;
			thread.context.uc_stack.ss_size = STACK;
			thread.context.uc_link = &scheduler;
			makecontext(&thread.context, begin, 0);
		}
		for (bool goes_on = true; goes_on;) {
			goes_on = false;
			for (current = 0; current < count; current++)
				if (!threads[current].is_over) {
					swapcontext(&scheduler, &threads[current].context);
					goes_on = true;
				}
		}
	}

	// What lane `lane` of this thread's warp has told.
	static u32 *of_lane(u32 lane) { return told[(current & ~31u) + lane]; }
}

DEVICE u32 thread() { return emulation::current; }
DEVICE u32 block_x() { return emulation::x; }
DEVICE u32 block_y() { return emulation::y; }
DEVICE void barrier() { emulation::yield(); }

// A copy is there at once: whoever reads it too early is not caught, whoever reads what another thread has yet
// to copy is.
DEVICE void copy_16(u8 *to, const u8 *from) { memcpy(to, from, 16); }
DEVICE void end_copies() {}
DEVICE void wait_copies() {}

// PTX ISA, `ldmatrix`: of matrix i, lane l holds bytes 4·(l mod 4) to +3 of row l / 4, whose address lane
// 8·i + l / 4 has named.
DEVICE void load_fragments(u32 found[4], const u8 *row) {
	u64 address = (u64)row;
	memcpy(emulation::told[emulation::current], &address, 8);
	emulation::yield();
	u32 lane = emulation::current & 31;
	for (u32 i = 0; i < 4; i++) {
		memcpy(&address, emulation::of_lane(8 * i + lane / 4), 8);
		memcpy(&found[i], (const u8 *)address + 4 * (lane % 4), 4);
	}
	emulation::yield();
}

// PTX ISA, `mma.m16n8k32` of s8: where the elements of both operands and of the result are.
DEVICE void multiply(i32 sums[4], const u32 rows[4], const u32 columns[2]) {
	u32 *mine = emulation::told[emulation::current];
	memcpy(mine, rows, 16);
	memcpy(mine + 4, columns, 8);
	emulation::yield();
	u32 lane = emulation::current & 31;
	for (u32 e = 0; e < 4; e++) {
		u32 row = lane / 4 + (e / 2) * 8, column = (lane % 4) * 2 + e % 2;
		for (u32 k = 0; k < 32; k++) {
			u32 of_row = emulation::of_lane(row % 8 * 4 + k % 16 / 4)[row / 8 + k / 16 * 2];
			u32 of_column = emulation::of_lane(column * 4 + k % 16 / 4)[4 + k / 16];
			u32 shift = k % 4 * 8;
			sums[e] += (i32)(int8_t)(of_row >> shift) * (i32)(int8_t)(of_column >> shift);
		}
	}
	emulation::yield();
}

DEVICE i32 dot_4(u32 a, u32 b, i32 sum) {
	for (u32 shift = 0; shift < 32; shift += 8)
		sum += (i32)(int8_t)(a >> shift) * (i32)(int8_t)(b >> shift);
	return sum;
}

DEVICE i32 sum_of_warp(i32 mine) {
	emulation::told[emulation::current][0] = (u32)mine;
	emulation::yield();
	i32 sum = 0;
	for (u32 lane = 0; lane < 32; lane++) sum += (i32)emulation::of_lane(lane)[0];
	emulation::yield();
	return sum;
}
