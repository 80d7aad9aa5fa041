// The reporter's program: a ring buffer over a memfd mapped twice, side by side.
//
// link: static dynamic
// opt: -O0 -O2 -O3
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

class Ring
{
      public:
	explicit Ring(size_t bytes) : capacity(bytes)
	{
		int fd = syscall(SYS_memfd_create, "ring", 0);
		if (fd < 0 || ftruncate(fd, capacity))
			throw std::runtime_error("memfd");
		void *area =
			mmap(nullptr, 2 * capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (area == MAP_FAILED)
			throw std::runtime_error("reserve");
		data = static_cast<volatile char *>(area);
		for (int half = 0; half < 2; half++)
			if (mmap((char *)area + half * capacity, capacity, PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
				throw std::runtime_error("view");
		close(fd);
	}
	~Ring()
	{
		munmap((void *)data, 2 * capacity);
	}
	volatile char *data;
	const size_t capacity;
};

int main()
{
	try {
		Ring ring(16 * sysconf(_SC_PAGESIZE));
		ring.data[0] = 'a';
		if (ring.data[ring.capacity] != 'a')
			throw std::runtime_error("the views differ");
		ring.data[ring.capacity + 5] = 'b';
		if (ring.data[5] != 'b')
			throw std::runtime_error("the views differ");
		std::string wrap = "wraps around";
		for (size_t i = 0; i < wrap.size(); i++)
			ring.data[ring.capacity - 6 + i] = wrap[i];
		for (size_t i = 0; i < wrap.size() - 6; i++)
			putchar(ring.data[i]);
		printf("\nring works\n");
	} catch (const std::exception &e) {
		printf("failed: %s\n", e.what());
		return 1;
	}
	return 0;
}
