// vm.memfd_noexec as it is at first, and the modes and seals that follow from the flags.
//
// since: 6.18
#include "t.h"

int main(void)
{
	static const unsigned flags[] = { 0, MFD_EXEC, MFD_NOEXEC_SEAL, MFD_EXEC | MFD_NOEXEC_SEAL,
					  MFD_NOEXEC_SEAL | MFD_ALLOW_SEALING };
	char value[8] = "";
	int fd = MUST(open("/proc/sys/vm/memfd_noexec", O_RDONLY));
	struct stat st;

	MUST(fstat(fd, &st));
	printf("mode %o\n", (unsigned)st.st_mode);
	R(read(fd, value, sizeof(value) - 1));
	printf("%s", value);
	close(fd);
	for (unsigned n = 0; n < sizeof(flags) / sizeof(flags[0]); n++) {
		fd = t_memfd("m", flags[n]);
		printf("flags %#x: ", flags[n]);
		if (fd < 0) {
			printf("%s\n", t_errno(errno));
			continue;
		}
		MUST(fstat(fd, &st));
		printf("mode %o seals %#x\n", (unsigned)st.st_mode, fcntl(fd, F_GET_SEALS));
		R(fchmod(fd, 0644));
		R(fchmod(fd, 0755));
		R(fcntl(fd, F_ADD_SEALS, F_SEAL_EXEC));
		printf("seals %#x\n", fcntl(fd, F_GET_SEALS));
		R(fchmod(fd, 0600));
		R(fchmod(fd, 0700));
		close(fd);
	}
	return 0;
}
