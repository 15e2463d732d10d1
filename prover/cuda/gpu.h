// What the kernels need of a GPU, without NVIDIA's headers: clang's builtins and PTX.
#pragma once

typedef unsigned char u8;
typedef unsigned int u32;
typedef int i32;
typedef unsigned long long u64;
struct __attribute__((aligned(16))) u32x4 { u32 x, y, z, w; };

#define DEVICE static __attribute__((device)) __attribute__((always_inline)) inline
#define KERNEL(threads) \
	extern "C" __attribute__((global)) __attribute__((launch_bounds(threads))) void
#define SHARED static __attribute__((shared)) __attribute__((aligned(128)))
#define UNROLL _Pragma("unroll")

DEVICE u32 thread() { return __nvvm_read_ptx_sreg_tid_x(); }
DEVICE u32 block_x() { return __nvvm_read_ptx_sreg_ctaid_x(); }
DEVICE u32 block_y() { return __nvvm_read_ptx_sreg_ctaid_y(); }
DEVICE void barrier() { __syncthreads(); }

DEVICE u32 shared_address(const void *generic) {
	return (u32)(u64)(const __attribute__((address_space(3))) void *)generic;
}

// Begins to copy 16 bytes into shared memory, past the smallest cache.
DEVICE void copy_16(u8 *to, const u8 *from) {
	asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(to)), "l"(from)
		: "memory");
}

// What was begun so far is one group.
DEVICE void end_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits until at most one group is on its way.
DEVICE void wait_copies() { asm volatile("cp.async.wait_group 1;" ::: "memory"); }

// Four matrices of eight times sixteen bytes; each lane names the address of one of their rows.
DEVICE void load_fragments(u32 found[4], const u8 *row) {
	asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
		: "=r"(found[0]), "=r"(found[1]), "=r"(found[2]), "=r"(found[3])
		: "r"(shared_address(row))
		: "memory");
}

// Sixteen rows times eight columns of 32 bytes.
DEVICE void multiply(i32 sums[4], const u32 rows[4], const u32 columns[2]) {
	asm volatile("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
		"{%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
		: "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])
		: "r"(rows[0]), "r"(rows[1]), "r"(rows[2]), "r"(rows[3]), "r"(columns[0]), "r"(columns[1]));
}

// Four products of int8, and a sum.
DEVICE i32 dot_4(u32 a, u32 b, i32 sum) {
	i32 found;
	asm("dp4a.s32.s32 %0, %1, %2, %3;" : "=r"(found) : "r"(a), "r"(b), "r"(sum));
	return found;
}

// The sum over the lanes of a warp.
DEVICE i32 sum_of_warp(i32 mine) {
	UNROLL for (int by = 16; by > 0; by >>= 1) {
		i32 other;
		asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 0x1f, 0xffffffff;"
			: "=r"(other)
			: "r"(mine), "r"(by));
		mine += other;
	}
	return mine;
}
