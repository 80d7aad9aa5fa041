// The least that a static program does: what the benchmark's vfork_exec_wait row executes.
int main(void)
{
	return 0;
}
