"""The library's random numbers: clip::Rng, a Philox4x32-10 generator with named streams."""

MASK = 0xFFFFFFFF
LONG = 2**64 - 1


def mix(x):
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & LONG
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & LONG
    return x ^ (x >> 31)


class Philox:
    """The numbers of clip::Rng{seed}."""

    def __init__(self, seed):
        self.seed, self.drawn, self.words = seed, 0, None

    def fork(self, name):
        h = mix(self.seed ^ 0xCBF29CE484222325)
        for c in name.encode():
            h = (h ^ c) * 0x100000001B3 & LONG
        return Philox(mix(h ^ len(name.encode())))

    def bits(self):
        if self.drawn % 4 == 0:
            block = self.drawn // 4
            c, k = [block & MASK, block >> 32, 0, 0], [self.seed & MASK, self.seed >> 32]
            for _ in range(10):
                p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
                c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & MASK, (p0 >> 32) ^ c[3] ^ k[1], p0 & MASK]
                k = [(k[0] + 0x9E3779B9) & MASK, (k[1] + 0xBB67AE85) & MASK]
            self.words = c
        self.drawn += 1
        return self.words[(self.drawn - 1) % 4]

    def long(self):
        high = self.bits()
        return high << 32 | self.bits()

    def uniform(self):
        return (self.long() >> 11) * 2.0**-53

    def below(self, n):
        limit = LONG - LONG % n
        while (x := self.long()) >= limit:
            pass
        return x % n
