// std::thread, future, condition_variable; clean under ThreadSanitizer.
#include <condition_variable>
#include <cstdio>
#include <future>
#include <mutex>
#include <pthread.h>
#include <thread>
#include <vector>

int main()
{
	std::vector<std::future<int>> futures;
	int sum = 0;
	for (int i = 1; i <= 100; i++)
		futures.push_back(std::async(i % 10 ? std::launch::deferred : std::launch::async,
					     [i] { return i; }));
	for (auto &f : futures)
		sum += f.get();
	std::printf("futures %d\n", sum);

	std::mutex m;
	std::condition_variable cv;
	int turn = 0;
	std::vector<std::thread> threads;
	for (int me = 0; me < 4; me++)
		threads.emplace_back([&, me] {
			for (int i = 0; i < 250; i++) {
				std::unique_lock<std::mutex> lock(m);
				cv.wait(lock, [&] { return turn % 4 == me; });
				turn++;
				cv.notify_all();
			}
		});
	for (auto &t : threads)
		t.join();
	std::printf("condition %d\n", turn);

	pthread_barrier_t barrier;
	pthread_barrier_init(&barrier, nullptr, 4);
	std::atomic<int> before{ 0 }, wrong{ 0 };
	threads.clear();
	for (int i = 0; i < 4; i++)
		threads.emplace_back([&] {
			before++;
			pthread_barrier_wait(&barrier);
			if (before != 4)
				wrong++;
		});
	for (auto &t : threads)
		t.join();
	std::printf("barrier %d\n", before - wrong);
}
