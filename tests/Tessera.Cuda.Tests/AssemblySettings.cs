using Xunit.Sdk;
using Xunit.v3;

// The simulation runs one group of threads after the other; tests beside each other would only wait.
[assembly: Parallelization(Mode = ParallelMode.None)]
