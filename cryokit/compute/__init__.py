"""Long work: on which processes it runs (Dask), and how it survives that one of them is killed."""
