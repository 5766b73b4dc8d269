"""Simulated annealing of one replica, couplings of two values packed one bit each."""
import numpy as np
from numba import njit

from isinglass.kernels.cpu.streams import exponential, sweep_key, uniform32
from isinglass.kernels.cpu.vector import add_rows, add_under_word, popcount, stop_requested

GATHER_ABOVE = 5.0

@njit(cache=True)
def aligned(row, spins):
    total = 0
    for w in range(spins.shape[0]):
        total += popcount(row[w] & spins[w])
    return total

@njit(nogil=True, cache=True, error_model='numpy')
def anneal_packed(bits, row_count, low, step, h, spins, read_key, slack_scale, flag, gather_above):
    n = h.shape[0]; words = bits.shape[1]
    fields = np.zeros(64*words, np.int16)
    tile = np.zeros(64, np.int32); slack=np.zeros(64,np.float32)
    rows=np.zeros(64,np.int64); steps=np.zeros(64,np.int16)
    M = -n
    for w in range(words): M += 2*popcount(spins[w])
    energy=0.0
    maintained=False
    last_flips = n
    stat=0
    for t in range(slack_scale.shape[0]):
        if stop_requested(flag): break
        key=sweep_key(read_key,t); kl=np.uint32(key); kh=np.uint32(key>>np.uint64(32)); c=slack_scale[t]
        gather = last_flips*64.0 > gather_above*n
        if gather: maintained=False
        elif not maintained:
            for i in range(n): fields[i]=2*aligned(bits[i],spins)-row_count[i]
            maintained=True
        if gather: stat+=1
        flips_total=0
        for w in range((n+63)//64):
            lo=64*w; size=min(64,n-lo)
            if gather:
                for b in range(size): tile[b]=2*aligned(bits[lo+b],spins)-row_count[lo+b]
            else:
                for b in range(64): tile[b]=fields[lo+b]
            for b in range(64):
                slack[b]=exponential(uniform32(np.uint32(lo+b),kl,kh))*c
            word=spins[w]; count=0
            for b in range(size):
                s=2*np.int64((word>>np.uint64(b))&np.uint64(1))-1
                barrier=-s*(h[lo+b]+low*(M-s)+step*tile[b])
                if barrier<=slack[b]:
                    energy+=2*barrier
                    M-=2*s
                    word^=np.uint64(1)<<np.uint64(b)
                    add_under_word(tile,bits[lo+b,w],-2*s)
                    rows[count]=lo+b; steps[count]=-2*s; count+=1
            spins[w]=word
            flips_total+=count
            if not gather and count>0: add_rows(fields,bits,rows,steps,count)
        last_flips=flips_total
    return energy, stat
