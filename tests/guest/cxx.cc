// C++: exceptions through frames and libraries, iostreams, constructors, thread-local storage.
//
// link: static dynamic static-pie
// ldflags: -pthread
#include <exception>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

struct Loud {
	explicit Loud(const char *n) : name(n)
	{
		std::cout << "construct " << name << "\n";
	}
	~Loud()
	{
		std::cout << "destroy " << name << "\n";
	}
	const char *name;
};

static Loud global("global");
thread_local int counter = 40;
thread_local std::string text = "tls";

__attribute__((noinline)) static void deep(int n)
{
	Loud local("local");
	if (n == 0)
		throw std::out_of_range("bottom");
	deep(n - 1);
}

int main()
{
	try {
		deep(2);
	} catch (const std::logic_error &e) {
		std::cout << "caught " << e.what() << std::endl;
	}
	try {
		std::vector<int>().at(3);
	} catch (const std::exception &) {
		std::cout << "vector::at threw\n";
	}
	try {
		try {
			throw 42;
		} catch (int) {
			throw;
		}
	} catch (int i) {
		std::cout << "rethrown " << i << "\n";
	}
	std::thread other([] {
		counter += 2;
		text += " of the other";
		std::cout << "thread sees " << counter << " " << text << "\n";
		try {
			throw std::runtime_error("in a thread");
		} catch (const std::exception &e) {
			std::cout << "caught " << e.what() << "\n";
		}
	});
	other.join();
	std::cout << "main sees " << counter << " " << text << "\n";
	std::ostringstream s;
	s << std::hex << 255 << ' ' << 1.5;
	std::cout << s.str() << std::endl;
	std::string line;
	std::cout << (std::getline(std::cin, line) ? "input" : "no input") << "\n";
	auto p = std::make_unique<Loud>("unique");
	std::cerr << "to stderr\n";
	return 0;
}
