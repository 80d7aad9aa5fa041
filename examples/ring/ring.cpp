// A ring buffer that needs no wrap-around code: one memfd, mapped twice, side by side. What runs
// over the end of the first view arrives at the start of the second, which is the start of the
// first.
//
// The two views are different objects to the language and the same bytes to the machine; the README
// says why the accesses below are volatile.
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>

#include <sys/mman.h>
#include <unistd.h>

namespace
{

[[noreturn]] void fail(const char *what)
{
	throw std::system_error(errno, std::generic_category(), what);
}

class FileDescriptor
{
      public:
	explicit FileDescriptor(int fd) : fd_(fd)
	{
	}
	~FileDescriptor()
	{
		if (fd_ >= 0)
			close(fd_);
	}
	FileDescriptor(const FileDescriptor &) = delete;
	FileDescriptor &operator=(const FileDescriptor &) = delete;
	int get() const
	{
		return fd_;
	}

      private:
	int fd_;
};

class MirroredRing
{
      public:
	explicit MirroredRing(std::size_t capacity) : capacity_(capacity)
	{
		FileDescriptor fd(memfd_create("ring", MFD_CLOEXEC));
		if (fd.get() < 0)
			fail("memfd_create");
		if (ftruncate(fd.get(), static_cast<off_t>(capacity)) < 0)
			fail("ftruncate");

		// One reservation for both views, so that nothing else can come between them.
		void *base =
			mmap(nullptr, 2 * capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (base == MAP_FAILED)
			fail("mmap of the reservation");
		base_ = static_cast<volatile unsigned char *>(base);
		map_view(fd.get(), 0);
		map_view(fd.get(), capacity);
		// The descriptor is closed here: the mappings keep the memory.
	}

	~MirroredRing()
	{
		munmap(const_cast<unsigned char *>(base_), 2 * capacity_);
	}
	MirroredRing(const MirroredRing &) = delete;
	MirroredRing &operator=(const MirroredRing &) = delete;

	volatile unsigned char *data() const
	{
		return base_;
	}
	std::size_t capacity() const
	{
		return capacity_;
	}

      private:
	void map_view(int fd, std::size_t offset)
	{
		void *at = const_cast<unsigned char *>(base_ + offset);
		if (mmap(at, capacity_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) !=
		    at) {
			int error = errno;
			munmap(const_cast<unsigned char *>(base_), 2 * capacity_);
			errno = error;
			fail("mmap of a view");
		}
	}

	volatile unsigned char *base_ = nullptr;
	std::size_t capacity_;
};

void expect(bool condition, const char *what)
{
	if (!condition)
		throw std::runtime_error(what);
}

// Every byte written through one view is read through the other.
void check_mirror(const MirroredRing &ring)
{
	const std::size_t n = ring.capacity();

	for (std::size_t i = 0; i < n; i++)
		ring.data()[i] = static_cast<unsigned char>(i * 31 + 1);
	for (std::size_t i = 0; i < n; i++)
		expect(ring.data()[n + i] == static_cast<unsigned char>(i * 31 + 1),
		       "a byte of the second view differs");
	for (std::size_t i = 0; i < n; i++)
		ring.data()[n + i] = static_cast<unsigned char>(i * 17 + 3);
	for (std::size_t i = 0; i < n; i++)
		expect(ring.data()[i] == static_cast<unsigned char>(i * 17 + 3),
		       "a byte of the first view differs");
}

// A message that runs over the end is one piece of memory all the same.
void check_message_over_the_end(const MirroredRing &ring)
{
	const std::string message = "this message lies over the end of the ring";
	const std::size_t start = ring.capacity() - message.size() / 2;

	for (std::size_t i = 0; i < message.size(); i++)
		ring.data()[start + i] = static_cast<unsigned char>(message[i]);
	std::string head, tail;
	for (std::size_t i = start; i < ring.capacity(); i++)
		head += static_cast<char>(ring.data()[i]);
	for (std::size_t i = 0; i < message.size() - head.size(); i++)
		tail += static_cast<char>(ring.data()[i]);
	expect(head + tail == message, "the message is not where it should be");
}

} // namespace

int main()
try {
	const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));

	for (std::size_t pages : { 1, 2, 16 }) {
		MirroredRing ring(pages * page);
		check_mirror(ring);
		check_message_over_the_end(ring);
	}
	std::cout << "ring: a byte written through one view is read through the other" << std::endl;
	return 0;
} catch (const std::exception &e) {
	std::cerr << "ring: " << e.what() << std::endl;
	return 1;
}
