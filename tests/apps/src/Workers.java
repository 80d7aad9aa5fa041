// Eight threads that allocate, under whatever collector the JVM was told to use.
import java.util.*;
import java.util.concurrent.*;
public class Workers {
  static class Node { Node next; byte[] pad = new byte[64]; }
  public static void main(String[] a) throws Exception {
    int nt = a.length > 0 ? Integer.parseInt(a[0]) : 8;
    ExecutorService ex = Executors.newFixedThreadPool(nt);
    List<Future<Long>> fs = new ArrayList<>();
    for (int t = 0; t < nt; t++) { final int id = t;
      fs.add(ex.submit(() -> { long s = 0; Node head = null;
        for (int i = 0; i < 200000; i++) { Node n = new Node(); n.pad[0] = (byte)(i + id); s += n.pad[0]; if (i % 1000 == 0) head = null; n.next = head; head = n; }
        return s; })); }
    long sum = 0; for (Future<Long> f : fs) sum += f.get();
    System.gc();
    ex.shutdown();
    System.out.println("sum " + sum + " done " + ex.awaitTermination(5, TimeUnit.SECONDS));
  }
}
