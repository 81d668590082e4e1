CREATE TABLE "experiments" (
	experiment_id INTEGER NOT NULL, 
	name VARCHAR(256) NOT NULL, 
	artifact_location VARCHAR(256), 
	lifecycle_stage VARCHAR(32), 
	creation_time BIGINT, 
	last_update_time BIGINT, 
	workspace VARCHAR(63) DEFAULT 'default' NOT NULL, 
	CONSTRAINT experiment_pk PRIMARY KEY (experiment_id), 
	CONSTRAINT experiments_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	CONSTRAINT uq_experiments_workspace_name UNIQUE (workspace, name)
);
INSERT INTO "experiments" VALUES(0,'Default','/somewhere/mlruns/0','active',1795899199486,1795899199486,'default');
INSERT INTO "experiments" VALUES(1,'sweep','/somewhere/nowhere','active',1795899199638,1795899199638,'default');
CREATE TABLE "metrics" (
	"key" VARCHAR(250) NOT NULL, 
	value FLOAT NOT NULL, 
	timestamp BIGINT NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	step BIGINT DEFAULT '0' NOT NULL, 
	is_nan BOOLEAN DEFAULT '0' NOT NULL, 
	CONSTRAINT metric_pk PRIMARY KEY ("key", timestamp, step, run_uuid, value, is_nan), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid), 
	CHECK (is_nan IN (0, 1))
);
INSERT INTO "metrics" VALUES('train/loss',0.1,1767355200000,'61b39dca361c4dc78cea7880d4586ba8',0,0);
INSERT INTO "metrics" VALUES('train/loss',0.05,1767355200500,'61b39dca361c4dc78cea7880d4586ba8',1,0);
INSERT INTO "metrics" VALUES('train/loss',3.33333333333333328707e-02,1767355201000,'61b39dca361c4dc78cea7880d4586ba8',2,0);
INSERT INTO "metrics" VALUES('acc',0.0,1767355200250,'61b39dca361c4dc78cea7880d4586ba8',1,1);
INSERT INTO "metrics" VALUES('acc',0.5,1767355201000,'61b39dca361c4dc78cea7880d4586ba8',2,0);
INSERT INTO "metrics" VALUES('big',1.79769313486231562234e+308,1767355200250,'61b39dca361c4dc78cea7880d4586ba8',0,0);
INSERT INTO "metrics" VALUES('train/loss',0.01,1767355200000,'e60e17f61686423c990eccb109cab04c',0,0);
INSERT INTO "metrics" VALUES('train/loss',0.005,1767355200500,'e60e17f61686423c990eccb109cab04c',1,0);
INSERT INTO "metrics" VALUES('train/loss',3.33333333333333354728e-03,1767355201000,'e60e17f61686423c990eccb109cab04c',2,0);
INSERT INTO "metrics" VALUES('acc',0.0,1767355200250,'e60e17f61686423c990eccb109cab04c',1,1);
INSERT INTO "metrics" VALUES('acc',0.5,1767355201000,'e60e17f61686423c990eccb109cab04c',2,0);
INSERT INTO "metrics" VALUES('big',1.79769313486231562234e+308,1767355200250,'e60e17f61686423c990eccb109cab04c',0,0);
INSERT INTO "metrics" VALUES('acc',1.0,1795899200417,'fda3198d467d423686d05ee2db2a3b87',0,0);
CREATE TABLE "params" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000) NOT NULL, 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT param_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO "params" VALUES('lr','0.1','61b39dca361c4dc78cea7880d4586ba8');
INSERT INTO "params" VALUES('opt','adam
w','61b39dca361c4dc78cea7880d4586ba8');
INSERT INTO "params" VALUES('lr','0.01','e60e17f61686423c990eccb109cab04c');
INSERT INTO "params" VALUES('opt','adam
w','e60e17f61686423c990eccb109cab04c');
CREATE TABLE "runs" (
	run_uuid VARCHAR(32) NOT NULL, 
	name VARCHAR(250), 
	source_type VARCHAR(20), 
	source_name VARCHAR(500), 
	entry_point_name VARCHAR(50), 
	user_id VARCHAR(256), 
	status VARCHAR(9), 
	start_time BIGINT, 
	end_time BIGINT, 
	source_version VARCHAR(50), 
	lifecycle_stage VARCHAR(20), 
	artifact_uri VARCHAR(200), 
	experiment_id INTEGER, deleted_time BIGINT, 
	CONSTRAINT run_pk PRIMARY KEY (run_uuid), 
	CONSTRAINT source_type CHECK (source_type IN ('NOTEBOOK', 'JOB', 'LOCAL', 'UNKNOWN', 'PROJECT')), 
	CONSTRAINT runs_lifecycle_stage CHECK (lifecycle_stage IN ('active', 'deleted')), 
	FOREIGN KEY(experiment_id) REFERENCES experiments (experiment_id), 
	CHECK (status IN ('SCHEDULED', 'FAILED', 'FINISHED', 'RUNNING', 'KILLED'))
);
INSERT INTO "runs" VALUES('61b39dca361c4dc78cea7880d4586ba8','lr-0.1','UNKNOWN','','','unknown','FINISHED',1767355200000,1767355205000,'','active','/somewhere/nowhere/61b39dca361c4dc78cea7880d4586ba8/artifacts',1,NULL);
INSERT INTO "runs" VALUES('e60e17f61686423c990eccb109cab04c','lr-0.01','UNKNOWN','','','unknown','FAILED',1767355200000,1767355205000,'','active','/somewhere/nowhere/e60e17f61686423c990eccb109cab04c/artifacts',1,NULL);
INSERT INTO "runs" VALUES('fda3198d467d423686d05ee2db2a3b87','gone','UNKNOWN','','','unknown','RUNNING',1795899200389,NULL,'','deleted','/somewhere/nowhere/fda3198d467d423686d05ee2db2a3b87/artifacts',1,1795899200482);
CREATE TABLE "tags" (
	"key" VARCHAR(250) NOT NULL, 
	value VARCHAR(8000), 
	run_uuid VARCHAR(32) NOT NULL, 
	CONSTRAINT tag_pk PRIMARY KEY ("key", run_uuid), 
	FOREIGN KEY(run_uuid) REFERENCES runs (run_uuid)
);
INSERT INTO "tags" VALUES('team','a','61b39dca361c4dc78cea7880d4586ba8');
INSERT INTO "tags" VALUES('mlflow.runName','lr-0.1','61b39dca361c4dc78cea7880d4586ba8');
INSERT INTO "tags" VALUES('note','x: y','61b39dca361c4dc78cea7880d4586ba8');
INSERT INTO "tags" VALUES('team','a','e60e17f61686423c990eccb109cab04c');
INSERT INTO "tags" VALUES('mlflow.runName','lr-0.01','e60e17f61686423c990eccb109cab04c');
INSERT INTO "tags" VALUES('note','x: y','e60e17f61686423c990eccb109cab04c');
INSERT INTO "tags" VALUES('mlflow.runName','gone','fda3198d467d423686d05ee2db2a3b87');
